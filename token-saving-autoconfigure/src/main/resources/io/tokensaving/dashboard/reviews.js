import { send } from './api.js';
import { chart } from './charts.js';
import { Card } from './card.js';
import { button, h, newId } from './dom.js';
import { count, figure, interval, similarity, share, time } from './format.js';
import { named, t } from './messages.js';
import { inWorkspace } from './plan-actions.js';
import { href } from './route.js';
import { pager } from './table.js';

const SIZE = 10;

/** Pairs of questions for a human verdict, and what these say of thresholds. */
export class Reviews {

	#view;

	#plan;

	#page = 0;

	#again;

	constructor(view) {
		this.#view = view;
		this.card = new Card('reviews', { size: 'wide' });
		this.curve = new Card('reviews.curve', { size: 'narrow' });
	}

	/** Reads the pairs of a plan. */
	read(plan) {
		this.#plan = plan;
		this.#again = this.#view.read({ path: 'reviews', cards: [this.card, this.curve], params: () => ({ plan, page: this.#page, size: SIZE }),
			show: (data) => this.#show(data) });
	}

	#show(data) {
		if (!data.enabled) {
			this.card.empty('reviews.disabled');
			this.curve.empty('reviews.disabled');
			return;
		}
		this.#showCurve(data.curve ?? []);
		if (data.total === 0) {
			this.card.empty();
			return;
		}
		const { writable, show_text: texts } = this.#view.app.session;
		const list = h('ol', { class: 'reviews' }, data.pairs.map((pair) => this.#pair(pair, writable)));
		list.addEventListener('keydown', (event) => this.#key(event, list));
		this.card.show(h('p', { class: 'hint' }, t(texts ? 'reviews.hint' : 'reviews.no-text'), writable && ` ${t('reviews.keys')}`), list,
			pager(data.page, data.size, data.total, (target) => {
				this.#page = target;
				this.#again();
			}));
	}

	#pair(pair, writable) {
		const id = newId();
		const text = (name) => pair[name] != null && h('div', {}, h('dt', {}, t(`reviews.${name}`)), h('dd', {}, pair[name]));
		const give = (verdict) => button(t(`reviews.give.${verdict}`), () => this.#judge(pair, verdict), { class: 'small', 'aria-pressed': String(pair.human === verdict),
			'aria-describedby': id, data: { key: `${verdict} ${pair.id}`, verdict } });
		return h('li', { tabindex: writable ? '0' : null, data: { key: `pair ${pair.id}` } },
			h('p', { id, class: 'facts' }, h('b', {}, similarity(pair.similarity)), h('span', {}, t('reviews.threshold', similarity(pair.threshold))),
				h('span', { class: `badge ${pair.served ? 'ok' : ''}` }, t(pair.served ? 'reviews.served' : 'reviews.held', pair.reason ? named('guard', pair.reason) : '')),
				pair.verified && h('span', { class: `badge ${pair.verified === 'wrong' ? 'serious' : 'ok'}` }, t(`reviews.verified.${pair.verified}`)),
				pair.feature && h('span', {}, pair.feature), time(pair.time)),
			h('dl', { class: 'texts' }, text('asked'), text('stored'), text('answer')),
			writable ? h('div', { class: 'buttons' }, give('same'), give('different'))
				: pair.human && h('p', {}, t('reviews.human', t(`reviews.give.${pair.human}`))));
	}

	// s and d judge the pair that has the focus, the arrows go to the next one
	#key(event, list) {
		const item = event.target.closest('li');
		const verdict = { s: 'same', d: 'different' }[event.key];
		const next = { ArrowDown: item?.nextElementSibling, ArrowUp: item?.previousElementSibling }[event.key];
		if (!item || event.ctrlKey || event.metaKey || event.altKey || !(verdict || next)) {
			return;
		}
		event.preventDefault();
		(next ?? item).focus();
		if (verdict) {
			[...list.querySelectorAll('button')].find((each) => item.contains(each) && each.dataset.verdict === verdict)?.click();
		}
	}

	async #judge(pair, verdict) {
		try {
			await send('POST', ['reviews', pair.id], inWorkspace({ plan: this.#plan }), { verdict });
			this.#view.app.announce(t('reviews.judged', t(`reviews.give.${verdict}`)));
			await this.#again();
		}
		catch (error) {
			this.card.failed(error, () => this.#judge(pair, verdict));
		}
	}

	#showCurve(all) {
		const points = all.filter((point) => point.precision != null);
		if (points.length === 0) {
			this.curve.empty();
			return;
		}
		const values = (name) => points.map((point) => point[name]);
		const first = points[0];
		this.curve.show(chart({
			key: 'reviews.curve',
			sentence: t('reviews.curve.sentence', similarity(first.threshold), share(first.precision), interval(first.precision_lower, first.precision_upper)),
			x: { label: t('column.threshold'), values: values('threshold'), format: similarity, step: 0.01 },
			y: { format: share, max: 1 },
			series: [{ label: t('reviews.upper'), values: values('precision_upper'), color: 'muted', dash: [2, 3] },
				{ label: t('reviews.lower'), values: values('precision_lower'), color: 'muted', dash: [4, 3], band: true },
				{ label: t('reviews.precision'), values: values('precision'), color: 'accent' },
				{ label: t('reviews.kept'), values: values('kept'), color: 'warning', dash: [8, 4] }]
		}), h('ul', { class: 'list' }, points.map((point) => h('li', {}, h('span', {}, h('b', {}, similarity(point.threshold)), ' ',
			figure(point.precision, share, 'precision'), h('small', {}, t('reviews.of', interval(point.precision_lower, point.precision_upper), count(point.same + point.different)))),
		h('a', { class: 'button small', href: href('plans', this.#plan, { set: `cache.similarity_threshold=${point.threshold}` }) },
			t('reviews.use', similarity(point.threshold), this.#plan))))));
	}

}
