import { recall, remember } from './storage.js';

const FILTERS = ['days', 'plan', 'feature', 'model', 'workspace'];

export const DAYS = ['1', '7', '30', '90'];

/**
 * Where the page is, as its hash says it.
 * @type {{page: string, id: ?string, params: URLSearchParams}}
 */
export let route;

/** The filters by name, those without a value left out; `days` is always there. */
export let filters = {};

/** Reads the hash. Filters that it does not have are those of the last visit. */
export function readRoute() {
	const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?');
	const [page, id] = path.split('/');
	const params = new URLSearchParams(query);
	const bare = FILTERS.every((name) => !params.has(name));
	const known = bare ? new URLSearchParams(recall('filters') ?? '') : params;
	filters = Object.fromEntries(FILTERS.map((name) => [name, known.get(name)]).filter(([, value]) => value));
	if (!DAYS.includes(filters.days)) {
		filters.days = '7';
	}
	remember('filters', new URLSearchParams(filters).toString());
	route = { page: page || 'overview', id: id ? decode(id) : null, params };
	return route;
}

function decode(text) {
	try {
		return decodeURIComponent(text);
	}
	catch {
		return text;
	}
}

/**
 * Builds a link within the page, which keeps the filters.
 * @param {string} page
 * @param {?string} [id] what comes behind the page
 * @param {object|Array} [changes] filters and other parameters, null to take one away
 */
export function href(page, id, changes = {}) {
	const params = new URLSearchParams(filters);
	for (const [name, value] of Array.isArray(changes) ? changes : Object.entries(changes)) {
		if (value == null || value === '') {
			params.delete(name);
		}
		else if (FILTERS.includes(name)) {
			params.set(name, value);
		}
		else {
			params.append(name, value);
		}
	}
	return `#/${page}${id == null ? '' : `/${encodeURIComponent(id)}`}?${params}`;
}

/** Goes to another place of the page. */
export function go(page, id, changes) {
	location.hash = href(page, id, changes);
}

/** Changes filters and stays where the page is. */
export function setFilters(changes) {
	go(route.page, route.id, changes);
}
