/** Adding a second factor: the QR code, its confirmation, and the recovery codes. */
import { post } from './welcome-api.js';
import { drawQrCode } from './welcome-qr.js';
import { copy, element, onPress, onSubmit, show, say } from './welcome-view.js';

let confirmed = async () => undefined;

/** Begins by confirming who the user is; `done` gets the recovery codes once it is confirmed. */
export async function addSecondFactor(proof, accessToken, done) {
  const { secret, uri } = await post('/me/second-factor', proof, accessToken);
  element('secret').textContent = secret.match(/.{1,4}/g).join(' ');
  element('uri').href = uri;
  drawQrCode(element('qr'), uri);
  confirmed = async (code) => {
    const answer = await post('/me/second-factor/confirm', { code }, accessToken);
    forget();
    await done(answer.recovery_codes);
  };
  show('code');
}

onSubmit('code', () => confirmed(element('digits').value));

/** Nothing of the secret stays in the page. */
function forget() {
  element('digits').value = '';
  element('secret').textContent = '';
  element('uri').removeAttribute('href');
  element('qr').replaceChildren();
  confirmed = async () => undefined;
}

let shown = { email: '', codes: [] };

/** The end of an invitation. */
export function finish(email, codes) {
  shown = { email, codes };
  element('email').textContent = email;
  element('recovery').hidden = codes.length === 0;
  const items = codes.map((code) =>
    Object.assign(document.createElement('li'), { textContent: code }),
  );
  element('codes').replaceChildren(...items);
  show('done');
}

function asText() {
  const { email, codes } = shown;
  const heading = `Recovery codes of Tocsin for ${email} at ${location.host}`;
  return `${heading}\nEach code can be used once.\n\n${codes.join('\n')}\n`;
}

onPress('copy-codes', () => copy(asText(), 'Codes copied.'));

onPress('download-codes', async () => {
  const url = URL.createObjectURL(new Blob([asText()], { type: 'text/plain' }));
  const link = Object.assign(document.createElement('a'), {
    href: url,
    download: 'tocsin-recovery-codes.txt',
  });
  link.click();
  URL.revokeObjectURL(url);
  say('Codes downloaded.');
});
