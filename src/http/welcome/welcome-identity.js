/** After a first single sign-on: whose account is to be bound to the identity. */
import { getWithCookie, postWithCookie } from './welcome-api.js';
import { resume, showSingleSignOnCode } from './welcome-sign-in.js';
import { element, onSubmit, show } from './welcome-view.js';

/** What is to be confirmed; its token proves that this page has shown it. */
const binding = { token: '' };

export async function showBinding() {
  show('loading');
  const { organisation, email, issuer, token } = await getWithCookie('/sso/binding');
  binding.token = token;
  element('issuer').textContent = issuer;
  element('account').textContent = email;
  element('organisation').textContent = `${organisation.name} (${organisation.slug})`;
  show('identity');
}

onSubmit('identity', async () => {
  const { next } = await postWithCookie('/sso/binding', { token: binding.token });
  history.replaceState(null, '', next);
  if (next === '/') await resume();
  else showSingleSignOnCode();
});
