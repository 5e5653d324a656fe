/** Requests to the API of this server. */

/** What the API was not content with. */
export class Refusal extends Error {
  /** @param {{ code?: string, title?: string, detail?: string }} problem */
  constructor({ code = '', title = 'The server did not answer as expected', detail = '' }) {
    super(`${title}. ${detail}`);
    this.code = code;
  }
}

/** Without any cookie. */
export async function post(path, body, accessToken) {
  return send(path, { method: 'POST', body: body ?? {}, accessToken, credentials: 'omit' });
}

/** With the cookie of a session or of a single sign-on, which only pages of this server may send. */
export async function postWithCookie(path, body) {
  return send(path, { method: 'POST', body, credentials: 'same-origin' });
}

export async function get(path, accessToken) {
  return send(path, { accessToken, credentials: 'omit' });
}

export async function remove(path, accessToken) {
  return send(path, { method: 'DELETE', accessToken, credentials: 'omit' });
}

export async function getWithCookie(path) {
  return send(path, { credentials: 'same-origin' });
}

async function send(path, { body, accessToken, ...request }) {
  const headers = {};
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (accessToken !== undefined) headers.authorization = `Bearer ${accessToken}`;
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(`/api/v1${path}`, { ...request, ...sent, headers });
  const answer = response.status === 204 ? undefined : await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(answer);
  return answer;
}
