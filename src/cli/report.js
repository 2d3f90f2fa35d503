'use strict';
(() => {
	const $ = (id) => document.getElementById(id);
	const fns = [...document.querySelectorAll('details.fn')];
	/* What a row says, with what it says when it is pointed at. */
	const said = (row) => [row.textContent, ...[...row.querySelectorAll('[title]')].map((e) => e.title)].join(' ').toLowerCase();
	const index = fns.map((fn) => [...fn.querySelectorAll('table.code tbody tr')].map((row) => ({row, text: said(row)})));
	let hits = [], now = -1, before = null;

	function search(text) {
		const want = text.trim().toLowerCase();

		for (const row of hits)
			row.classList.remove('hit', 'now');
		hits = [];
		now = -1;
		if (want && !before)
			before = fns.map((fn) => fn.open);
		fns.forEach((fn, k) => {
			const found = want ? index[k].filter((e) => e.text.includes(want)).map((e) => e.row) : [];
			const name = want !== '' && fn.querySelector('summary h2').textContent.toLowerCase().includes(want);

			found.forEach((row) => row.classList.add('hit'));
			hits.push(...found);
			fn.hidden = want !== '' && !found.length && !name;
			fn.querySelector('.hits').textContent = want && found.length ? found.length + ' found' : '';
			if (want)
				fn.open = found.length > 0 || name;
			else if (before)
				fn.open = before[k];
		});
		if (!want)
			before = null;
		$('found').textContent = want ? hits.length + ' found' : '';
	}

	function step(by) {
		if (!hits.length)
			return;
		if (now >= 0)
			hits[now].classList.remove('now');
		now = (now + by + hits.length) % hits.length;
		hits[now].classList.add('now');
		hits[now].scrollIntoView({block: 'center'});
		$('found').textContent = now + 1 + ' of ' + hits.length;
	}

	/* A link may lead into what is folded. */
	function reveal() {
		const to = location.hash.length > 1 && $(decodeURIComponent(location.hash.slice(1)));

		for (let e = to; e; e = e.parentElement)
			if (e.tagName === 'DETAILS')
				e.open = true;
		if (to)
			to.scrollIntoView({block: to.tagName === 'DETAILS' ? 'start' : 'center'});
	}

	const all = (open) => fns.forEach((fn) => { fn.open = open; });
	const changes = (on) => {
		$('changes').checked = on;
		document.body.classList.toggle('changes', on);
	};

	function theme() {
		const dark = document.documentElement.dataset.theme
			? document.documentElement.dataset.theme === 'dark'
			: matchMedia('(prefers-color-scheme: dark)').matches;

		document.documentElement.dataset.theme = dark ? 'light' : 'dark';
	}

	$('find').addEventListener('input', (e) => search(e.target.value));
	$('find').addEventListener('keydown', (e) => {
		if (e.key === 'Enter')
			step(e.shiftKey ? -1 : 1);
		else if (e.key === 'Escape') {
			e.target.value = '';
			search('');
		}
	});
	$('open').addEventListener('click', () => all(true));
	$('fold').addEventListener('click', () => all(false));
	$('theme').addEventListener('click', theme);
	$('changes').addEventListener('change', (e) => changes(e.target.checked));
	document.addEventListener('keydown', (e) => {
		if (e.target.tagName === 'INPUT' || e.ctrlKey || e.metaKey || e.altKey)
			return;
		if (e.key === '/') {
			e.preventDefault();
			$('find').focus();
		} else if (e.key === 'c') {
			changes(!$('changes').checked);
		}
	});
	addEventListener('hashchange', reveal);
	reveal();

	/* #selftest: does this browser do what the page needs? The answers are put into the page. */
	function selftest() {
		const out = document.createElement('pre');
		const say = (name, ok) => { out.textContent += (ok ? 'ok ' : 'FAILED ') + name + '\n'; };
		/* What is folded has a place but is not painted. */
		const seen = (e) => e.checkVisibility();
		const shown = (fn) => [...fn.children].slice(1).some(seen);
		const row = index.flat().find((e) => e.text.trim());
		const type = (text) => {
			$('find').value = text;
			$('find').dispatchEvent(new Event('input'));
		};

		out.id = 'answers';
		say('functions', fns.length > 0 && index.flat().length > 0);
		$('open').click();
		say('open all', fns.every(shown));
		$('fold').click();
		say('fold all', !fns.some(shown));
		fns[0].querySelector('summary').click();
		say('open one', shown(fns[0]) && !fns.slice(1).some(shown));
		/* It has a size, and a place on the page: it is there to be read. */
		say('code', [...fns[0].querySelectorAll('td code')].every((e) => e.offsetWidth > 0 && e.offsetHeight > 0));
		say('heat', [...fns[0].querySelectorAll('td.h')].every((e) => e.offsetWidth > 0));
		type('exit');
		say('search finds', hits.length > 0 && hits.every((r) => said(r).includes('exit') && seen(r)));
		step(1);
		say('search steps', now === 0 && hits[0].classList.contains('now'));
		type('no instruction says this');
		say('search hides', hits.length === 0 && fns.every((fn) => fn.hidden));
		type('');
		say('search ends', fns.every((fn) => !fn.hidden) && shown(fns[0]) && !fns.slice(1).some(shown));
		changes(true);
		say('only changes', ![...document.querySelectorAll('tr.same')].some(seen));
		changes(false);
		const colour = getComputedStyle(document.body).backgroundColor;
		theme();
		say('theme', getComputedStyle(document.body).backgroundColor !== colour);
		theme();
		$('open').click();
		document.querySelectorAll('details.graph').forEach((d) => { d.open = true; });
		say('graphs', [...document.querySelectorAll('details.graph')].every((d) => d.querySelectorAll('svg .b').length > 0 || d.textContent.includes('too many')));
		say('links', [...document.querySelectorAll('a[href^="#"]')].every((a) => $(a.getAttribute('href').slice(1))));
		say('no requests', performance.getEntriesByType('resource').length === 0);
		say('row', row !== undefined);
		document.body.append(out);
	}
	if (location.hash === '#selftest')
		selftest();
})();
