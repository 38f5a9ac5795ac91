/** Returns what was kept in this browser, or null; also where keeping is forbidden. */
export function recall(key) {
	try {
		return localStorage.getItem(`token-saving.${key}`);
	}
	catch {
		return null;
	}
}

/** Keeps a text in this browser if that is allowed. */
export function remember(key, text) {
	try {
		localStorage.setItem(`token-saving.${key}`, text);
	}
	catch {
		// The page works without
	}
}
