import { get } from './api.js';
import { h } from './dom.js';
import { filters } from './route.js';

const TICK_MS = 1000;

/**
 * A page: cards, and the requests that fill them. Each request is repeated while one of
 * its cards can be seen; nothing is read while the page is hidden or paused.
 */
export class View {

	#abort = new AbortController();

	#reads = [];

	#visible = new Set();

	#observer = new IntersectionObserver((entries) => entries.forEach((entry) =>
		entry.isIntersecting ? this.#visible.add(entry.target) : this.#visible.delete(entry.target)), { rootMargin: '200px' });

	#timer;

	/**
	 * @param {HTMLElement} main where the page is shown
	 * @param {object} app `session`, `announce(text)`, `isPaused()` and `updated()`
	 */
	constructor(main, app) {
		this.app = app;
		this.grid = h('div', { class: 'grid' });
		main.append(this.grid);
		this.#timer = setInterval(() => this.#tick(), TICK_MS);
	}

	get signal() {
		return this.#abort.signal;
	}

	/** Adds cards in their order. */
	add(...cards) {
		this.#append(this.grid, cards);
	}

	/** Adds cards below each other in a column of their own, `wide` or `narrow`. */
	addColumn(size, ...cards) {
		const column = h('div', { class: `column ${size}` });
		this.grid.append(column);
		this.#append(column, cards);
	}

	#append(parent, cards) {
		for (const card of cards) {
			parent.append(card.element);
			this.#observer.observe(card.element);
		}
	}

	/**
	 * Reads for cards, now and repeatedly.
	 * @param {object} read `path`: a path, segments, or a function that returns one; `params`: of the request,
	 * or a function; `cards`: those that are filled; `show(data)`: fills them; `every`: seconds between two
	 * readings, by default those of the session, 0 for never again
	 * @returns {function(): Promise} reads once more at once
	 */
	read(read) {
		const entry = { every: this.app.session.refresh_seconds, ...read, last: null, due: 0, busy: false };
		this.#reads.push(entry);
		this.#run(entry);
		return () => this.#run(entry, true);
	}

	/** Reads everything once more at once. */
	refresh() {
		return Promise.all(this.#reads.map((read) => this.#run(read, true)));
	}

	close() {
		clearInterval(this.#timer);
		this.#observer.disconnect();
		this.#abort.abort();
	}

	#tick() {
		if (document.hidden || this.app.isPaused()) {
			return;
		}
		const now = Date.now();
		this.#reads.filter((read) => read.every && read.due <= now && !read.busy
			&& read.cards.some((card) => this.#visible.has(card.element))).forEach((read) => this.#run(read));
	}

	async #run(read, again = false) {
		read.busy = true;
		try {
			const params = typeof read.params === 'function' ? read.params() : read.params;
			const path = typeof read.path === 'function' ? read.path() : read.path;
			const data = await get(path, { workspace: filters.workspace, ...params }, this.signal);
			const text = JSON.stringify(data);
			// What has not changed is left as it is, with what the user does there
			if (text !== read.last || again) {
				read.last = text;
				read.cards.forEach((card) => card.scope(data.scope, this.app.session.instance));
				read.show(data);
			}
			this.app.updated();
		}
		catch (error) {
			if (error.name === 'AbortError') {
				return;
			}
			if (!error.status && error.status !== 0) {
				console.error(error);
			}
			read.last = null;
			read.cards.forEach((card) => card.failed(error, () => this.#run(read, true)));
		}
		finally {
			read.busy = false;
			read.due = Date.now() + read.every * 1000;
		}
	}

}
