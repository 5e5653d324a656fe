/**
 * The page at `/`. `#/invitation/<token>` leads to a password and a second factor, `#/sign-in` to a
 * session, and a single sign-on to `#/confirm-identity` and `#/second-factor`. What opens anything
 * stays in the memory of this page, and is never part of an address that is sent.
 */
import { showInvitation } from './welcome-invitation.js';
import { showBinding } from './welcome-identity.js';
import { resume, showSignIn, showSingleSignOnCode } from './welcome-sign-in.js';
import { guard, show } from './welcome-view.js';

async function route() {
  const { hash } = location;
  const [, token] = /^#\/invitation\/([\w-]{1,200})$/.exec(hash) ?? [];
  if (token !== undefined) return guard(() => showInvitation(token));
  if (hash === '#/confirm-identity') return guard(showBinding);
  if (hash === '#/second-factor') return showSingleSignOnCode();
  if (await resume()) return;
  if (hash === '#/sign-in') showSignIn();
  else show('home');
}

addEventListener('hashchange', () => void route());
void route();
