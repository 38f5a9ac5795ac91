/** Reads a value by its path, such as cache.ttl. */
export function read(settings, path) {
	return path.split('.').reduce((section, name) => section?.[name], settings);
}

/** Sets a value by its path; undefined takes it away. Sections on the way are made. */
export function write(settings, path, value) {
	const names = path.split('.');
	const last = names.pop();
	if (value === undefined && read(settings, path) === undefined) {
		return;
	}
	if ([...names, last].some((name) => name in Object.prototype)) {
		return;
	}
	const target = names.reduce((section, name) => section[name] ??= {}, settings);
	if (value === undefined) {
		delete target[last];
	}
	else {
		target[last] = value;
	}
}

function isSection(value) {
	return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Whether two values of settings are the same, whatever the order of their names. */
export function same(first, second) {
	if (isSection(first) && isSection(second)) {
		const names = new Set([...Object.keys(first), ...Object.keys(second)]);
		return [...names].every((name) => same(first[name], second[name]));
	}
	return JSON.stringify(first) === JSON.stringify(second);
}

/** Makes a JSON merge patch (RFC 7396) that turns settings into others: only what differs, null for what is gone. */
export function diff(from, to) {
	const patch = {};
	for (const name of new Set([...Object.keys(from), ...Object.keys(to)])) {
		if (to[name] === undefined) {
			patch[name] = null;
		}
		else if (isSection(from[name]) && isSection(to[name])) {
			const inner = diff(from[name], to[name]);
			if (Object.keys(inner).length > 0) {
				patch[name] = inner;
			}
		}
		else if (!same(from[name], to[name])) {
			patch[name] = to[name];
		}
	}
	return patch;
}

/** Lists all settings with their paths. */
export function flatten(settings, prefix = '') {
	return Object.entries(settings).flatMap(([name, value]) => isSection(value)
		? flatten(value, `${prefix}${name}.`) : [[prefix + name, value]]);
}
