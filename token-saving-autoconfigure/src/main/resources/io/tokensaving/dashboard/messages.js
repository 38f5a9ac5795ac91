let texts = {};

/** Takes the texts of the page by their keys. */
export function setMessages(messages) {
	texts = messages;
	document.documentElement.lang = messages.lang ?? 'en';
}

/**
 * Returns a text of the page.
 * @param {string} key
 * @param {...*} values take the places of {0}, {1} and so on
 */
export function t(key, ...values) {
	return (texts[key] ?? key).replace(/\{(\d)\}/g, (place, index) => values[index] ?? place);
}

/** Returns the text of a name that comes from the server, such as a technique, or else the name. */
export function named(prefix, name) {
	return texts[`${prefix}.${name}`] ?? name.replaceAll('_', ' ');
}

/** Whether there is a text. */
export function hasText(key) {
	return key in texts;
}

/** All keys that begin with a prefix, in the order of the bundle. */
export function keys(prefix) {
	return Object.keys(texts).filter((key) => key.startsWith(prefix));
}
