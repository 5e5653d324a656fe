/** What the parts of the page have in common: one of them is shown at a time. */
import { Refusal } from './welcome-api.js';

export const element = (id) => document.getElementById(id);

/** Shows one part, and moves the focus there: to what is to be filled in, or to its heading. */
export function show(id) {
  for (const part of document.querySelectorAll('main > section, main > form')) {
    part.hidden = part.id !== id;
  }
  tell('');
  const part = element(id);
  const heading = part.querySelector('h2');
  document.title = `${heading.textContent} – Tocsin`;
  (part.querySelector('input:not([readonly])') ?? heading).focus();
}

/** Says what went wrong; screen readers announce it at once. */
export function tell(problem) {
  element('problem').textContent = problem;
  if (problem !== '') element('status').textContent = '';
}

/** Says that something was done. */
export function say(text) {
  element('status').textContent = text;
}

/** Runs `work`, and tells what went wrong. */
export async function guard(work) {
  tell('');
  try {
    await work();
  } catch (error) {
    tell(error instanceof Refusal ? error.message : 'Cannot reach the server. Try again.');
  }
}

/** Runs `work` when a form is sent, or a button pressed; not again before it has ended. */
function once(button, work) {
  return async () => {
    // A disabled button would lose the focus.
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    say('');
    await guard(work);
    button.removeAttribute('aria-disabled');
  };
}

export function onSubmit(id, work) {
  const form = element(id);
  const send = once(form.querySelector('button:not([type])'), work);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void send();
  });
}

export function onPress(id, work) {
  const press = once(element(id), work);
  element(id).addEventListener('click', () => void press());
}

/** Puts a text on the clipboard, which browsers allow on https and on this machine only. */
export async function copy(text, said) {
  if (navigator.clipboard === undefined) {
    tell('This browser can copy only on https pages. Select the text and copy it.');
    return;
  }
  await navigator.clipboard.writeText(text);
  say(said);
}
