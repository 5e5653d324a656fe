/** Signing in and out. The refresh token is in a cookie; the access token is in memory only. */
import { get, postWithCookie, remove } from './welcome-api.js';
import { addSecondFactor, finish } from './welcome-second-factor.js';
import { copy, element, onPress, onSubmit, show } from './welcome-view.js';

/** What was typed, until it is known whether a code has to follow. */
let typed = { email: '', password: '' };
/** Sends the code: of a password, or of a single sign-on. */
let sendCode = async () => undefined;

/** Refreshes the session of this browser. Returns whether there is one. */
export async function resume() {
  const tokens = await postWithCookie('/sessions/refresh', {}).catch(() => undefined);
  if (tokens === undefined) return false;
  await showSession(tokens);
  return true;
}

export function showSignIn() {
  show('sign-in');
}

onSubmit('sign-in', async () => {
  typed = { email: element('sign-in-user').value, password: element('current').value };
  const organisation = element('sign-in-organisation').value.trim();
  if (organisation !== '') typed.organisation = organisation;
  try {
    await signIn({});
  } catch (error) {
    if (error.code === 'organisation_needed') element('which-organisation').hidden = false;
    if (error.code !== 'second_factor_needed') throw error;
    sendCode = (code) => signIn({ code });
    show('sign-in-code');
  }
});

async function signIn(more) {
  const body = { ...typed, ...more, refresh_token_in: 'cookie' };
  const tokens = await postWithCookie('/sessions', body);
  const { password } = typed;
  typed = { email: '', password: '' };
  element('current').value = '';
  await showSession(tokens, password);
}

/** After a single sign-on to an account with a second factor of its own. */
export function showSingleSignOnCode() {
  sendCode = async (code) => {
    await postWithCookie('/sso/second-factor', { code });
    await resume();
  };
  show('sign-in-code');
}

onSubmit('sign-in-code', async () => {
  await sendCode(element('sign-in-digits').value.trim());
  element('sign-in-digits').value = '';
});

/** The session shown, as this page can reach it where the browser took no cookie (plain http). */
let session = { id: '', accessToken: '' };

/** Whose session it is, and what can be done with it. */
async function showSession({ access_token: accessToken, session: id, notices }, password) {
  session = { id, accessToken };
  const { user, organisation } = await get('/me', accessToken);
  if (location.hash !== '') history.replaceState(null, '', '/');
  if (user.second_factor_required) {
    const proof = password === undefined ? {} : { password };
    await addSecondFactor(proof, accessToken, (codes) => finish(user.email, codes));
    return;
  }
  element('who').textContent = `${user.name} (${user.email})`;
  element('whose').textContent = organisation.name;
  element('role').textContent = user.role;
  const items = notices.map(({ type, by, at }) =>
    Object.assign(document.createElement('li'), { textContent: noticeOf(type, by, at) }),
  );
  element('notices').replaceChildren(...items);
  show('signed-in');
}

const RESETS = {
  'account.password_reset': 'Your password was reset',
  'account.second_factor_reset': 'Your second factor was removed',
  'account.identity_reset': 'Your account was unlinked from the identity provider',
};

function noticeOf(type, by, at) {
  const what = RESETS[type] ?? type;
  return `${what} on ${new Date(at).toLocaleString()} by ${by}. If you did not request this, inform your administrator.`;
}

/** A fresh one: the first may have expired while the page was open. */
onPress('copy-token', async () => {
  const tokens = await postWithCookie('/sessions/refresh', {}).catch(isWithoutCookie);
  await copy(tokens?.access_token ?? session.accessToken, 'Access token copied.');
});

onSubmit('signed-in', async () => {
  const ended = await postWithCookie('/sessions/sign-out', {}).catch(isWithoutCookie);
  if (ended === null) await remove(`/sessions/${session.id}`, session.accessToken);
  session = { id: '', accessToken: '' };
  show('sign-in');
});

/** Null where the browser has no cookie of the session; any other failure is one. */
function isWithoutCookie(error) {
  if (error.code === 'refresh_token_invalid') return null;
  throw error;
}
