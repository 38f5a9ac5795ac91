import { get, setSession } from './api.js';
import { repaint } from './charts.js';
import { showDefinitions } from './dialog.js';
import { button, h, replace } from './dom.js';
import { showFilters } from './filters.js';
import { time } from './format.js';
import { setMessages, t } from './messages.js';
import { href, readRoute, route } from './route.js';
import { recall, remember } from './storage.js';
import { View } from './view.js';

const PAGES = {
	overview: { load: () => import('./overview.js'), filters: ['days', 'plan', 'feature', 'model', 'workspace'] },
	plans: { load: () => import('./plans.js'), filters: ['workspace'] },
	plan: { load: () => import('./plan.js'), filters: ['workspace'] },
	risks: { load: () => import('./risks.js'), filters: ['plan', 'workspace'] },
	requests: { load: () => import('./requests.js'), filters: ['plan', 'workspace'] }
};

const TABS = ['overview', 'plans', 'risks', 'requests'];

const THEMES = ['auto', 'light', 'dark'];

const query = (selector) => document.querySelector(selector);

const main = query('#main');

const status = query('[role=status]');

/** What pages know of the application and of the page around them. */
const app = {
	session: {},
	paused: recall('paused') === 'true',
	isPaused: () => app.paused,
	announce: (text) => {
		status.textContent = text;
	},
	updated: () => replace(query('#updated'), t('updated'), ' ', time(new Date().toISOString()))
};

let view;

let shown = 0;

async function show() {
	const page = readRoute();
	const name = page.page === 'plans' && (page.id !== null || page.params.has('new')) ? 'plan' : page.page;
	if (!PAGES[name]) {
		location.hash = href('overview');
		return;
	}
	const turn = ++shown;
	// What it asks is about the page before
	document.querySelectorAll('dialog[open]').forEach((dialog) => dialog.close());
	view?.close();
	showTabs();
	showFilters(query('.filters'), PAGES[name].filters, app.session.workspace);
	const { show: showPage } = await PAGES[name].load();
	if (turn !== shown) {
		return;
	}
	const heading = h('h1', { tabindex: '-1' }, t(`page.${name}`));
	main.replaceChildren(h('div', { class: 'page-head' }, heading, h('div', { class: 'actions', id: 'page-actions' })));
	document.title = `${t(`page.${name}`)} \u2013 ${t('title')}`;
	view = new View(main, app);
	showPage(view, page, heading);
	const place = `${name}/${page.id}`;
	// Who follows a link to another page hears where it leads
	if (app.place && app.place !== place) {
		heading.focus({ preventScroll: true });
		scrollTo(0, 0);
	}
	app.place = place;
}

function showTabs() {
	replace(query('nav'), TABS.map((tab) => h('a', { href: href(tab), 'aria-current': route.page === tab ? 'page' : null,
		data: { key: `nav.${tab}` } }, t(`nav.${tab}`))));
}

function showTools() {
	const pause = button('', () => {
		app.paused = !app.paused;
		remember('paused', app.paused);
		label();
	}, { class: 'small', data: { key: 'pause' } });
	const label = () => {
		pause.textContent = t(app.paused ? 'refresh.paused' : 'refresh.auto', app.session.refresh_seconds);
		pause.setAttribute('aria-pressed', app.paused);
	};
	label();
	const now = button(t('refresh.now'), async () => {
		await view.refresh();
		app.announce(t('refresh.done'));
	}, { class: 'small' });
	const theme = h('select', { 'aria-label': t('theme'), class: 'small' }, THEMES.map((each) =>
		h('option', { value: each, selected: each === (document.documentElement.dataset.theme ?? 'auto') }, t(`theme.${each}`))));
	theme.addEventListener('change', () => {
		document.documentElement.dataset.theme = theme.value;
		remember('theme', theme.value);
		repaint();
	});
	replace(query('.tools'), h('span', { id: 'updated' }), now, pause, theme,
		h('span', { class: 'user' }, [app.session.user, app.session.writable ? null : t('read-only')].filter(Boolean).join(' \u00b7 ')));
}

async function start() {
	try {
		const [session, messages] = await Promise.all([get('session'), get('messages')]);
		setMessages(messages);
		setSession(session);
		app.session = session;
	}
	catch (error) {
		main.replaceChildren(h('div', { class: 'alert', role: 'alert' }, error.message));
		return;
	}
	const skip = query('.skip');
	skip.textContent = t('skip');
	skip.addEventListener('click', (event) => {
		event.preventDefault();
		main.focus();
	});
	query('nav').setAttribute('aria-label', t('nav'));
	query('.filters').setAttribute('aria-label', t('filter'));
	query('.filters').setAttribute('role', 'search');
	replace(query('body > footer'), h('span', {}, t('footer.money')), button(t('definitions'), () => showDefinitions(), { class: 'link' }),
		h('span', {}, t('footer.instance', app.session.instance)));
	showTools();
	matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);
	addEventListener('hashchange', show);
	await show();
}

start();
