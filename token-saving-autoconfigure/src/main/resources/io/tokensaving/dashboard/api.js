import { t } from './messages.js';

let session = {};

/** Takes the session, whose token is sent with each write. */
export function setSession(value) {
	session = value;
}

/** What the server, or the way to it, did not accept. */
export class ApiError extends Error {

	constructor(status, body) {
		super(body.error ?? t('error.status', status));
		this.status = status;
		this.field = body.field;
		this.accepted = body.accepted;
		this.currentVersion = body.current_version;
	}

}

/**
 * Builds an address below the API, relative to the page.
 * @param {string|string[]} path a path, or segments that come from users
 * @param {object} [params] those that are null or empty are left out
 */
export function url(path, params = {}) {
	const segments = Array.isArray(path) ? path.map(encodeURIComponent).join('/') : path;
	const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value != null && value !== ''));
	return `./api/${segments}${query.size ? `?${query}` : ''}`;
}

/** Reads. */
export function get(path, params, signal) {
	return request('GET', url(path, params), undefined, signal);
}

/** Writes, with the token against forged requests. */
export function send(method, path, params, body) {
	return request(method, url(path, params), body);
}

async function request(method, address, body, signal) {
	const headers = { Accept: 'application/json', 'X-Requested-With': 'token-saving' };
	if (method !== 'GET' && session.csrf) {
		headers[session.csrf.header] = session.csrf.token;
	}
	if (body !== undefined) {
		headers['Content-Type'] = 'application/json';
	}
	let response;
	try {
		response = await fetch(address, { method, headers, signal, credentials: 'same-origin',
			body: body === undefined ? undefined : JSON.stringify(body) });
	}
	catch (error) {
		throw error.name === 'AbortError' ? error : new ApiError(0, { error: t('error.unreachable') });
	}
	if (response.status === 204) {
		return null;
	}
	const json = response.headers.get('Content-Type')?.includes('json') ? await response.json() : null;
	if (!response.ok) {
		throw new ApiError(response.status, json ?? {});
	}
	// A page of a login takes the place of JSON once the session has ended
	if (json === null) {
		throw new ApiError(401, { error: t('error.signed-out') });
	}
	return json;
}
