// The page as a person uses it, in a real browser over a log that grows.
import {test, before, after} from 'node:test';
import assert from 'node:assert/strict';
import {createRequire} from 'node:module';
import {readFileSync, mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {folder, makeLog, dashboard, browser, remove, pause} from './help.mjs';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const pictures = join(process.cwd(), 'pictures');
let at, server, chrome, context, messages = [];
const REQUESTS_MAX = 12, CODE_MAX = 60000; // before the first alert, the document among them

before(async () => {
  mkdirSync(pictures, {recursive: true});
  at = folder();
  await makeLog(join(at, 'log.db'), 40000);
  server = await dashboard(join(at, 'log.db'));
  chrome = await browser();
  context = await chrome.newContext({viewport: {width: 1600, height: 1000}});
  const page = await context.newPage();
  await page.goto(server.url);
  await page.close();
});

after(async () => {
  await chrome?.close();
  await server?.stop();
  remove(at);
});

function listen(page) {
  page.on('console', message => messages.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', error => messages.push(`error: ${error.stack}`));
  return page;
}

async function open(path = '/', options = null) {
  const page = listen(await (options ? await follow(options) : context).newPage());
  await page.goto(server.origin + path);
  await page.waitForSelector('.card, .panel, .alert');
  return page;
}

// Another context with the same session: dark, narrow.
async function follow(options) {
  const other = await chrome.newContext(options);
  await other.addCookies(await context.cookies());
  return other;
}

async function axe(page, where) {
  // Evaluated by the driver, so the page's own policy stays as it is.
  await page.evaluate(axeSource);
  const {violations} = await page.evaluate(() => window.axe.run(document, {resultTypes: ['violations']}));
  const found = violations.map(v => `${v.id}: ${v.help} ${v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(' | ')}`);
  assert.deepEqual(found, [], where);
}

// What of the navigation and the footer is shown in part: beyond the window, or cut by what holds it.
const cut = page => page.evaluate(() => [...document.querySelectorAll('#top nav a, #top button, #top label, #top form, .states > *, .hints > *')].filter(element => {
  const box = element.getBoundingClientRect(), holder = element.parentElement.getBoundingClientRect();
  const hidden = !box.width || box.top >= holder.bottom - 1; // wrapped away as a whole
  return !hidden && (box.left < -1 || box.right > innerWidth + 1 || box.right > holder.right + 1 || box.bottom > innerHeight + 1);
}).map(element => element.textContent));

const open_ = page => page.locator('.tabs a').first().locator('b').innerText().then(text => Number(text.replace(/,/g, '')));

test('the first alert: in words, after few requests and little code', async () => {
  const page = listen(await context.newPage());
  const spent = async () => Number((await (await page.request.get(`${server.origin}/metrics`)).text()).match(/answer_seconds_total ([\d.e+-]+)/)[1]);
  const before = await spent();
  await page.addInitScript(() => {
    // What had been asked for when the first alert stood on the page.
    new MutationObserver((_, observer) => {
      if (!document.querySelector('.card')) return;
      observer.disconnect();
      window.first = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
        .map(({name, decodedBodySize}) => ({name: new URL(name).pathname, bytes: decodedBodySize})).filter(({name}) => !name.endsWith('icon.svg'));
    }).observe(document, {childList: true, subtree: true});
  });
  await page.goto(server.origin, {waitUntil: 'commit'});
  await page.waitForSelector('.card');
  const words = await page.locator('.card').first().innerText();
  assert.match(words, /Prohibited|Needs review|Discretionary|Automatic/);
  assert.match(words, /Stayed local|Searched|Matched|Informed|Custody/);
  // Not the clock on the wall, which tells of the machine: what the page needs, and the server's own time for it.
  const asked = await page.evaluate(() => window.first);
  const code = asked.filter(({name}) => !name.startsWith('/api/')).reduce((sum, {bytes}) => sum + bytes, 0);
  assert.ok(asked.length <= REQUESTS_MAX, `${asked.length} requests: ${asked.map(({name}) => name).join(' ')}`);
  assert.ok(code > 10000 && code <= CODE_MAX, `${code} bytes of code`);
  assert.ok(await spent() - before < 5, `${await spent() - before} s in the server`);
  await page.close();
});

test('what comes after the first alert has its styles when it appears: nothing flashes', async () => {
  const alert = (await (await context.request.get(`${server.origin}/api/alerts?limit=1`)).json()).alerts[0].id;
  for (const path of ['/', `/?alert=${alert}`, `/alerts/${alert}`, '/flows', '/events', '/events/1', '/cases', '/replay', '/what-if', '/integrity', '/help']) {
    const page = listen(await context.newPage());
    await page.addInitScript(() => new MutationObserver((_, observer) => {
      const first = document.querySelector('.panel, article.alert');
      if (!first) return;
      observer.disconnect();
      // Both kinds have a rule of their own in the second sheet.
      window.styled = getComputedStyle(first).borderRadius !== '0px' || getComputedStyle(first.querySelector('h1, h2')).fontSize === '18px';
    }).observe(document, {childList: true, subtree: true}));
    await page.goto(server.origin + path);
    await page.waitForSelector('.panel, article.alert');
    assert.equal(await page.evaluate(() => window.styled), true, path);
    await page.close();
  }
});

test('choosing an alert shows its sentence, hops, law and off switch, and the list stays', async () => {
  const page = await open('/?verdict=PROH');
  await page.waitForSelector('.map .ribbon');
  await page.locator('.card a', {hasText: 'Sister agency sent plate history'}).first().click();
  await page.waitForSelector('.alert .hops');
  assert.match(page.url(), /alert=\d+/);
  const detail = await page.locator('#detail').innerText();
  for (const words of ['The first two steps followed the rules; the third did not', 'Path, hop by hop', 'Who could stop it: LAPD can revoke the share', 'Law and rule', 'Revoke share', 'Learned 7 d later']) {
    assert.ok(detail.includes(words), words);
  }
  assert.ok(await page.locator('.timeline circle.ring').count() >= 1);
  await axe(page, 'inbox with an alert');
  await page.screenshot({path: join(pictures, 'inbox-light.png')});
  await page.close();
});

test('each verdict that alerts can have is a filter of the inbox', async () => {
  const alerts = verdict => context.request.get(`${server.origin}/api/alerts?verdict=${verdict}`).then(answer => answer.json()).then(body => body.alerts);
  for (const [verdict, word] of [['PROH', 'Prohibited'], ['REVIEW', 'Needs review'], ['DISC', 'Discretionary'], ['AUTO', 'Automatic'], ['FED', 'Federal']]) {
    const page = await open('/');
    await page.locator('.filters a', {hasText: word}).click();
    await page.waitForURL(url => url.searchParams.get('verdict') === verdict);
    const wanted = (await alerts(verdict)).length;
    await page.waitForFunction(some => some === (document.querySelector('.card') !== null), wanted > 0);
    for (const text of await page.locator('.card .line.first').allInnerTexts()) assert.ok(text.includes(word), `${word}: ${text}`);
    await page.close();
  }
});

test('triage by keyboard: next, acknowledge, undo', async () => {
  const page = await open('/?verdict=PROH');
  await page.waitForSelector('.map');
  const before = await open_(page);
  await page.keyboard.press('j');
  await page.waitForSelector('.card.chosen');
  await page.waitForSelector('.alert');
  const id = await page.locator('.card.chosen').getAttribute('data-id');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  assert.equal(await page.locator('.card.chosen').getAttribute('data-id'), id);
  await page.waitForFunction(wanted => document.querySelector('.alert .permalink')?.href.endsWith(`/${wanted}`), id);
  await page.keyboard.press('e');
  await page.waitForSelector('#say.shown');
  const said = await page.locator('#say').innerText();
  const changed = Number(said.match(/^([\d,]+) alert/)[1].replace(/,/g, ''));
  await page.waitForFunction(wanted => !document.querySelector(`.card[data-id="${wanted}"]`), id);
  assert.equal(await open_(page), before - changed);
  assert.ok(await page.locator('.card.chosen').count() === 1, 'the next alert is chosen');
  await page.keyboard.press('u');
  await page.waitForFunction(wanted => document.querySelector(`.card[data-id="${wanted}"]`), id);
  assert.equal(await open_(page), before);
  // Shift+s: this one is escalated, the others of its group are acknowledged; one undo takes back both.
  await page.locator(`.card[data-id="${id}"] > a`).click();
  await page.waitForFunction(wanted => document.querySelector('.alert .permalink')?.href.endsWith(`/${wanted}`), id);
  await page.keyboard.press('Shift+s');
  await page.waitForFunction(wanted => !document.querySelector(`.card[data-id="${wanted}"]`), id);
  assert.equal((await (await page.request.get(`${server.origin}/api/alerts/${id}`)).json()).state, 'escalated');
  assert.match(await page.locator('#say').innerText(), new RegExp(`^1 alert escalated(; ${(changed - 1).toLocaleString('en-US')} alerts? acknowledged)?\\.`));
  assert.equal(await open_(page), before - changed);
  await page.getByRole('button', {name: 'Undo (u)'}).click();
  await page.waitForFunction(wanted => document.querySelector(`.card[data-id="${wanted}"]`), id);
  assert.equal(await open_(page), before);
  await page.close();
});

test('a note and a duty are kept, with who and when; reload shows the same', async () => {
  const page = await open('/?verdict=PROH');
  await page.locator('.card a', {hasText: 'Sister agency'}).first().click();
  await page.waitForSelector('.alert');
  await page.keyboard.press('n');
  await page.waitForSelector('#note-text');
  await page.keyboard.type('jjj e asked');
  // Somebody else reviews in the meantime: the note that is being written stays.
  const other = await page.locator('.card').nth(3).getAttribute('data-id');
  await page.evaluate(id => fetch('/api/reviews', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({action: 'note', ids: [id], note: 'from elsewhere'})}), other);
  await pause(600);
  await page.keyboard.type(' the share’s owner');
  await page.getByRole('button', {name: 'Save the note'}).click();
  await page.waitForSelector('.history q');
  await page.locator('.duty input').first().check();
  await page.waitForSelector('.duty input:disabled');
  await page.reload();
  await page.waitForSelector('.history q');
  const history = await page.locator('.history').innerText();
  assert.match(history, /m\.ortiz/);
  assert.match(history, /asked the share’s owner/);
  assert.match(history, /Duty done: Revoke share/);
  await page.close();
});

test('select several, escalate them, honest count; they are under Escalated', async () => {
  const page = await open('/?verdict=DISC');
  await page.keyboard.press('*');
  await page.keyboard.press('a');
  await page.waitForSelector('.bulk');
  const before = await open_(page);
  await page.keyboard.press('s');
  await page.waitForFunction(() => document.querySelector('.tabs a b').textContent === '0');
  const escalated = Number((await page.locator('.tabs a').nth(1).locator('b').innerText()).replace(/,/g, ''));
  assert.equal(escalated, before);
  await page.locator('.tabs a').nth(1).click();
  await page.waitForSelector('.card');
  assert.match(page.url(), /state=escalated/);
  await page.close();
});

test('Back keeps the list where it was', async () => {
  const page = await open('/?in=&range=all&state=all&verdict=AUTO,REVIEW');
  await page.waitForSelector('.map');
  await page.goto(`${server.origin}/?in=3&state=all`);
  await page.waitForSelector('.card');
  await page.locator('#list').evaluate(list => { list.scrollTop = 700; });
  const scrolled = await page.locator('#list').evaluate(list => list.scrollTop);
  assert.ok(scrolled > 200);
  const visible = await page.locator('.card').nth(8).getAttribute('data-id');
  await page.locator('.card').nth(8).locator('> a').click();
  await page.waitForSelector('.alert');
  await page.locator('.alert .hops a').first().click();
  await page.waitForSelector('#event-title');
  await page.goBack();
  await page.waitForSelector(`.card[data-id="${visible}"]`);
  await page.waitForFunction(wanted => Math.abs(document.getElementById('list').scrollTop - wanted) < 150, scrolled);
  assert.equal(await page.locator('.card.chosen').getAttribute('data-id'), visible);
  await page.close();
});

test('a new alert waits behind a pill; nothing moves until it is asked for', async () => {
  const live = join(at, 'live.db');
  const writer = await makeLog(live, 3000, {follow: 100});
  const own = await dashboard(live);
  const page = listen(await (await chrome.newContext({viewport: {width: 1400, height: 900}})).newPage());
  await page.goto(own.url);
  await page.waitForSelector('.card');
  const first = await page.locator('.card').first().getAttribute('data-id');
  await page.waitForSelector('button.new');
  assert.match(await page.locator('button.new').innerText(), /^\d+ new alerts?: show$/);
  assert.equal(await page.locator('.card').first().getAttribute('data-id'), first);
  await page.screenshot({path: join(pictures, 'new-alerts.png')});
  // By the server's own stamps, most reach the page long before the second at which it would look anyway.
  const delays = async () => Object.fromEntries([...(await (await page.request.get(`${own.origin}/metrics`)).text()).matchAll(/live_delay_seconds_bucket\{le="(\S+)"\} (\d+)/g)].map(([, le, n]) => [le, Number(n)]));
  let counts;
  do { await pause(100); counts = await delays(); } while (counts['+Inf'] < 8);
  assert.ok(counts['0.25'] > counts['+Inf'] / 2, JSON.stringify(counts));
  await page.keyboard.press('.');
  await page.waitForFunction(old => document.querySelector('.card').dataset.id !== old, first);
  // Paused: the stream is closed; going on tells what came meanwhile.
  for (const key of ['p', 'Space']) {
    await page.locator('#main').focus();
    await page.keyboard.press(key);
    await page.waitForSelector('#live.l-paused');
    await page.keyboard.press(key);
    await page.waitForSelector('#live.l-live');
  }
  await page.waitForSelector('button.new');
  // The server goes: a dead page must not look alive.
  const expected = messages.length;
  await own.stop();
  await page.waitForSelector('#live.l-lost');
  assert.match(await page.locator('#foot').innerText(), /Link lost: what you see may be old/);
  assert.deepEqual(await cut(page), [], 'what the footer has no room for is hidden whole');
  assert.match(await page.title(), /^\(link lost\)/);
  await page.screenshot({path: join(pictures, 'link-lost.png')});
  await page.close();
  messages.length = expected; // the browser itself says that the connection was refused
  await writer.stop();
});

test('the map by Tab: ribbons are links with a sentence; the table holds the same rows', async () => {
  const page = await open('/flows');
  await page.waitForSelector('.ribbon');
  await page.locator('#map-title').evaluate(title => { title.tabIndex = -1; title.focus(); });
  for (let presses = 0; presses < 4; presses++) await page.keyboard.press('Tab'); // CSV, JSON, View as table, and the first ribbon
  const name = await page.evaluate(() => document.activeElement.getAttribute('aria-label'));
  assert.match(name, /^[\d,]+ (crossings?|records?): .+ to .+, (no crossing|automatic|federal|discretionary|needs review|prohibited), (level \d \w+|stayed local)$/);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#flow-title');
  assert.match(await page.locator('section[aria-labelledby=flow-title]').innerText(), /Off switch/);
  const ribbons = await page.locator('.ribbon').count();
  await page.screenshot({path: join(pictures, 'flows.png')});
  await axe(page, 'flow map');
  await page.keyboard.press('v');
  await page.waitForSelector('table.flows');
  assert.ok(await page.locator('table.flows tbody tr').count() >= ribbons);
  await axe(page, 'flow table');
  await page.close();
});

test('entries, cases, help: no violation, no dead end', async () => {
  const page = await open('/events?verdict=PROH');
  await page.waitForSelector('td');
  await axe(page, 'entries');
  await page.locator('tbody a').first().click();
  await page.waitForSelector('#event-title');
  await axe(page, 'entry');
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await page.waitForSelector('#cases-title');
  await page.getByLabel('Number of the case').fill('OIG-2026-031');
  await page.getByLabel('Reason, in a sentence').fill('Complaint of 12 November about a plate search');
  const chain = (await (await page.request.get(`${server.origin}/api/alerts?edge=E23&limit=1`)).json()).alerts[0].chain;
  await page.getByLabel('Keys of chains').fill(chain);
  await page.getByRole('button', {name: 'Open the case'}).click();
  await page.waitForSelector('#case-title');
  assert.match(await page.locator('#page').innerText(), /That you read this case was recorded/);
  await axe(page, 'case');
  await page.screenshot({path: join(pictures, 'case.png')});
  await page.keyboard.press('g');
  await page.keyboard.press('h');
  await page.waitForSelector('#help-title');
  await axe(page, 'help');
  await page.keyboard.press('?');
  await page.waitForSelector('dialog[open]');
  await axe(page, 'keys');
  await page.close();
});

test('replay: the log as it stood, by slider, key and address; at the end it is what is now', async () => {
  const page = await open('/replay?entry=20000');
  await page.waitForSelector('#replay-map .ribbon');
  assert.match(await page.locator('#replay-when').innerText(), /^2026-11-\d\d \d\d:\d\d:\d\d\S* UTC · .+ · \d+ alerts so far$/);
  assert.equal(await page.locator('#entry').inputValue(), '20000');
  const alerts = () => page.locator('#replay-inbox-title').innerText();
  const then = await alerts();
  // An alert forward, and an entry back from it: the alert is there, and then it is not yet.
  await page.locator('#main').focus();
  await page.keyboard.press('Shift+ArrowRight');
  await page.waitForFunction(before => document.querySelector('#replay-inbox-title').textContent !== before, then);
  await page.waitForSelector('.raised');
  assert.match(page.url(), /entry=2\d{4}$/);
  const there = Number(new URL(page.url()).searchParams.get('entry'));
  await page.keyboard.press('ArrowLeft');
  await page.waitForFunction(before => document.querySelector('#replay-inbox-title').textContent === before, then);
  assert.equal(Number(new URL(page.url()).searchParams.get('entry')), there - 1);
  await axe(page, 'replay');
  await page.screenshot({path: join(pictures, 'replay.png')});
  // Playing goes on by itself until it is stopped.
  await page.locator('#speed').selectOption('1000');
  await page.locator('#main').focus();
  await page.keyboard.press('Space');
  await page.waitForFunction(from => Number(document.getElementById('entry').value) > from + 200, there);
  await page.keyboard.press('Space');
  assert.equal(await page.locator('#play').innerText(), 'Play');
  await page.waitForSelector('#replay-check b');
  // At the last entry: the ribbons and the groups of today.
  await page.locator('#main').focus();
  await page.keyboard.press('End');
  await page.waitForFunction(() => document.getElementById('entry').value === document.getElementById('entry').max);
  await page.waitForFunction(() => document.getElementById('alert-next').disabled);
  assert.ok(!new URL(page.url()).searchParams.has('entry'), 'the newest entry stays the newest');
  const said = () => page.locator('.ribbon').evaluateAll(all => all.map(ribbon => ribbon.getAttribute('aria-label')).sort());
  const cards = () => page.locator('.card').evaluateAll(all => all.map(card => [card.dataset.id, card.querySelector('.times')?.textContent, card.querySelector('.title').textContent]));
  const [ribbons, groups] = [await said(), await cards()];
  await page.goto(`${server.origin}/?state=all`);
  await page.waitForSelector('.ribbon');
  assert.deepEqual(await said(), ribbons);
  assert.deepEqual(await cards(), groups);
  await page.close();
});

test('search by words and by number; a wrong address says so', async () => {
  const page = await open('/');
  await page.keyboard.press('/');
  await page.keyboard.type('sister agency');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => [...document.querySelectorAll('.card .title')].length > 0 && [...document.querySelectorAll('.card')].every(card => /sister/i.test(card.textContent + card.querySelector('.path').title)));
  await page.goto(`${server.origin}/?q=5`);
  await page.waitForFunction(() => document.querySelectorAll('.card').length === 1);
  messages.length = 0;
  await page.goto(`${server.origin}/alerts/999999`);
  await page.waitForSelector('.empty');
  assert.match(await page.locator('.empty').innerText(), /nothing under this number/);
  assert.ok(messages.every(text => text.includes('404')));
  messages.length = 0;
  await page.close();
});

test('rubbish in an address leaves a sentence in its place and a way on, never an empty page', async () => {
  const page = listen(await context.newPage());
  messages.length = 0;
  for (const path of ['/?range=soon', '/?verdict=%3Cb%3E', '/?level=9', '/?in=abc', '/flows?range=-1', '/events?before=abc', '/events?edge=%00', '/events?verdict=~', '/cases/%E0%A4%A', '/cases/nothing', '/alerts/999999', '/events/999999']) {
    await page.goto(server.origin + path);
    await page.waitForSelector('[role=alert]');
    assert.ok((await page.locator('[role=alert]').innerText()).length > 40, path);
    assert.equal(await page.locator('[role=alert] a').count(), 1, path);
  }
  await page.goto(`${server.origin}/events?edge=%00`);
  await page.locator('[role=alert] a').click();
  await page.waitForSelector('tbody td');
  assert.equal(page.url(), `${server.origin}/events`);
  // These mean nothing, and harm nothing.
  for (const path of ['/?flow=~~~&view=x&alert=', '/?alert=abc', '/replay?entry=abc&speed=0', '/replay?entry=-5&speed=-1', '/flows?flow=A', '/flows?level=x,-', '/?q=%E0%A4%A']) {
    await page.goto(server.origin + path);
    await page.waitForSelector('.panel, .empty, .alert');
  }
  const nowhere = await page.goto(`${server.origin}/nothing`);
  assert.equal(nowhere.status(), 404);
  assert.match(await page.locator('main').innerText(), /There is no such page/);
  await axe(page, 'no such page');
  assert.deepEqual(messages.filter(text => !/status of 40[04]/.test(text)), []);
  messages.length = 0;
  await page.close();
});

test('dark, 420 px wide, print', async () => {
  const dark = await open('/?verdict=PROH', {viewport: {width: 1600, height: 1000}, colorScheme: 'dark'});
  await dark.locator('.card > a').first().click();
  await dark.waitForSelector('.alert .hops');
  await dark.waitForSelector('.timeline');
  await axe(dark, 'dark');
  await dark.screenshot({path: join(pictures, 'inbox-dark.png')});
  await dark.close();
  const middle = await open('/', {viewport: {width: 1024, height: 768}, colorScheme: 'dark'});
  await middle.waitForSelector('.map');
  assert.deepEqual(await cut(middle), []);
  assert.ok(await middle.locator('#search').evaluate(search => search.clientWidth) > 150, 'there is room to search');
  await middle.screenshot({path: join(pictures, 'middle.png')});
  await middle.close();
  const small = await open('/', {viewport: {width: 420, height: 860}, hasTouch: true});
  await small.waitForSelector('.map');
  await axe(small, 'narrow');
  assert.ok(await small.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing sticks out');
  assert.deepEqual(await cut(small), []);
  await small.screenshot({path: join(pictures, 'narrow.png')});
  await small.goto(`${server.origin}/replay`);
  await small.waitForSelector('#replay-map .ribbon');
  await axe(small, 'narrow replay');
  assert.ok(await small.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing of the replay sticks out');
  await small.goto(server.origin);
  await small.locator('.card > a').first().click();
  await small.waitForSelector('.alert .back');
  await axe(small, 'narrow alert');
  await small.screenshot({path: join(pictures, 'narrow-alert.png')});
  await small.locator('.back').click();
  await small.waitForSelector('.card');
  await small.close();
  const paper = await open('/');
  await paper.locator('.card > a', {hasText: 'Booking prints matched'}).first().click();
  await paper.waitForSelector('.alert .hops');
  await paper.emulateMedia({media: 'print'});
  assert.equal(await paper.locator('.actions').first().isVisible(), false);
  assert.equal(await paper.locator('#alert-title').isVisible(), true);
  await paper.screenshot({path: join(pictures, 'print.png'), fullPage: true});
  await paper.close();
});

test('the browser had nothing to say: no message, no report of the policy', async () => {
  await pause(100);
  assert.deepEqual(messages, []);
  assert.equal(server.errors(), '');
});
