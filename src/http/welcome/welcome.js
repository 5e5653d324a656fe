/**
 * Where the link of an invitation leads (`/#/invitation/<token>`): the person invited sets a password
 * and adds a second factor. And where a first single sign-on leads (`/#/confirm-identity`): the person
 * sees whose account is to be bound to their identity, and confirms it. What opens anything stays in
 * the memory of this page, and never in an address that is sent.
 */

/** What the API was not content with. */
class Refusal extends Error {
  /** @param {{ code?: string, title?: string, detail?: string }} problem */
  constructor({ code = '', title = 'The server did not answer as expected', detail = '' }) {
    super(`${title}. ${detail}`);
    this.code = code;
  }
}

const element = (id) => document.getElementById(id);

const PARTS = ['home', 'password', 'code', 'identity', 'bound', 'done'];

function show(id) {
  for (const part of PARTS) element(part).hidden = part !== id;
  tell('');
  document.querySelector(`#${id} input`)?.focus();
}

function tell(text) {
  element('problem').textContent = text;
}

async function post(path, body, accessToken) {
  const headers = { 'content-type': 'application/json' };
  if (accessToken !== undefined) headers.authorization = `Bearer ${accessToken}`;
  const request = { method: 'POST', headers, body: JSON.stringify(body ?? {}) };
  return answerTo(path, { ...request, credentials: 'omit' });
}

/** Sends a request that only pages of this server may send: with the cookie of the sign-in. */
async function withCookie(path, body) {
  const headers = { 'content-type': 'application/json' };
  const request = body && { method: 'POST', headers, body: JSON.stringify(body) };
  return answerTo(path, { ...request, credentials: 'same-origin' });
}

async function answerTo(path, request) {
  const response = await fetch(`/api/v1${path}`, request);
  const answer = response.status === 204 ? undefined : await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(answer);
  return answer;
}

/** Runs `work` when a form is sent, once at a time, and tells what went wrong. */
function onSubmit(id, work) {
  const form = element(id);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void attempt(form.querySelector('button'), work);
  });
}

async function attempt(button, work) {
  button.disabled = true;
  tell('');
  try {
    await work();
  } catch (error) {
    tell(error instanceof Refusal ? error.message : 'The server cannot be reached: try again.');
  } finally {
    button.disabled = false;
  }
}

/** How far the invited has come: the token of the link, then the account, then a session of it. */
const way = { token: '', account: undefined, tokens: undefined };

onSubmit('password', async () => {
  const password = element('new').value;
  if (password !== element('again').value) {
    tell('The two are not the same.');
    return;
  }
  if (way.account === undefined) {
    const { email } = await post('/invitations/accept', { token: way.token, password });
    way.account = { email, password };
    // Used up: nobody finds it in the history of this browser.
    history.replaceState(null, '', '/');
  }
  await addSecondFactor();
});

async function addSecondFactor() {
  try {
    way.tokens ??= await post('/sessions', way.account);
  } catch (error) {
    // Who has one keeps it when the password is lost.
    if (error.code === 'second_factor_needed') return finish([]);
    throw error;
  }
  const { password } = way.account;
  const { secret, uri } = await post('/me/second-factor', { password }, way.tokens.access_token);
  element('secret').textContent = secret.match(/.{1,4}/g).join(' ');
  element('uri').href = uri;
  show('code');
}

onSubmit('code', async () => {
  const { access_token: key, refresh_token: token } = way.tokens;
  const code = element('digits').value;
  const { recovery_codes: codes } = await post('/me/second-factor/confirm', { code }, key);
  await post('/sessions/sign-out', { refresh_token: token }).catch(() => undefined);
  finish(codes);
});

function finish(codes) {
  element('email').textContent = way.account.email;
  element('recovery').hidden = codes.length === 0;
  for (const code of codes) {
    element('codes').append(Object.assign(document.createElement('li'), { textContent: code }));
  }
  for (const id of ['new', 'again', 'digits']) element(id).value = '';
  element('secret').textContent = '';
  element('uri').removeAttribute('href');
  way.account = way.tokens = undefined;
  show('done');
}

/** What is to be confirmed; its token proves that this page has shown it. */
const binding = { token: '' };

async function showBinding() {
  const { organisation, email, issuer, token } = await withCookie('/sso/binding');
  binding.token = token;
  element('issuer').textContent = issuer;
  element('account').textContent = email;
  element('organisation').textContent = `${organisation.name} (${organisation.slug})`;
  show('identity');
}

onSubmit('identity', async () => {
  const { next } = await withCookie('/sso/binding', { token: binding.token });
  const owesCode = next !== '/';
  element('next').textContent = owesCode
    ? 'Sign in again: your account has a second factor, and takes a code of it.'
    : 'You are signed in.';
  history.replaceState(null, '', '/');
  show('bound');
});

function route() {
  if (location.hash === '#/confirm-identity') {
    show('home');
    void showBinding().catch((error) => {
      tell(error instanceof Refusal ? error.message : 'The server cannot be reached: try again.');
    });
    return;
  }
  const [, token] = /^#\/invitation\/([\w-]{1,200})$/.exec(location.hash) ?? [];
  way.token = token ?? '';
  show(token === undefined ? 'home' : 'password');
}

addEventListener('hashchange', route);
route();
