/** Where the link of an invitation leads: whose it is, a password, and a second factor. */
import { post } from './welcome-api.js';
import { addSecondFactor, finish } from './welcome-second-factor.js';
import { element, onSubmit, show, tell } from './welcome-view.js';

/** How far the invited has come: the token of the link, then the account, then a session of it. */
const way = { token: '', organisation: '', account: undefined, tokens: undefined };

/** Says whose invitation it is, or at once that the link is no longer valid. */
export async function showInvitation(token) {
  Object.assign(way, { token, account: undefined, tokens: undefined });
  show('loading');
  try {
    const invitation = await post('/invitations/describe', { token });
    way.organisation = invitation.organisation.slug;
    element('user').value = invitation.email;
    element('invited').textContent = inWords(invitation);
    show('password');
  } catch (error) {
    if (error.code !== 'invitation_invalid') throw error;
    show('invalid');
  }
}

function inWords({ organisation, name, role, invited_by: by, expires_at: until, resets_password }) {
  const end = new Date(until).toLocaleString(undefined, { dateStyle: 'long', timeStyle: 'short' });
  const what = resets_password
    ? `lets ${name} of ${organisation.name} set a new password.`
    : `invites ${name} to the organisation ${organisation.name}, with the role ${role}.`;
  return `This link ${what} It was created by ${by}. It works once, until ${end}.`;
}

onSubmit('password', async () => {
  const password = element('new').value;
  if (password !== element('again').value) {
    tell('The two passwords are different.');
    element('again').focus();
    return;
  }
  if (way.account === undefined) {
    const { email } = await post('/invitations/accept', { token: way.token, password });
    way.account = { email, password, organisation: way.organisation };
    // Used up: nobody finds it in the history of this browser.
    history.replaceState(null, '', '/');
  }
  await signInOnce(password);
});

/** Signs in for as long as it takes to add a second factor. */
async function signInOnce(password) {
  try {
    way.tokens ??= await post('/sessions', way.account);
  } catch (error) {
    // A user who resets the password already has a second factor.
    if (error.code === 'second_factor_needed') return end([]);
    throw error;
  }
  await addSecondFactor({ password }, way.tokens.access_token, async (codes) => {
    const { refresh_token: token } = way.tokens;
    await post('/sessions/sign-out', { refresh_token: token }).catch(() => undefined);
    end(codes);
  });
}

function end(codes) {
  const { email } = way.account;
  for (const id of ['new', 'again']) element(id).value = '';
  way.account = way.tokens = undefined;
  finish(email, codes);
}
