// A log that the monitor itself wrote: the central case, read on the page, and judged by another policy.
import {test, before, after} from 'node:test';
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {createRequire} from 'node:module';
import {readFileSync, mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {folder, dashboard, signIn, browser, remove} from './help.mjs';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let at, log, server;

before(async () => {
  at = folder();
  log = join(at, 'log.db');
  for (const scenario of ['subject-a', 'sister-agency']) {
    const ran = spawnSync(process.env.SHAREWATCH, ['run', join(process.env.SOURCE, 'scenarios', scenario), '--speed', 'max', '--pause-max', '0', '--no-dashboard', '--log', log], {encoding: 'utf8', timeout: 90000});
    assert.equal(ran.status, 0, ran.stderr);
  }
  server = await dashboard(log);
});

after(async () => { await server?.stop(); remove(at); });

test('the comparison is what `sharewatch diff` says, also while another asks', async () => {
  const cookie = await signIn(server);
  const get = path => fetch(server.origin + path, {headers: {Cookie: cookie}});
  const {packs} = await (await get('/api/packs')).json();
  assert.ok(packs.some(pack => pack.name === 'so40-1979' && pack.title.includes('Special Order 40')));
  const said = spawnSync(process.env.SHAREWATCH, ['diff', log, '--policy', 'so40-1979', '--json'], {encoding: 'utf8'});
  const [first, second] = await Promise.all([get('/api/what-if?b=so40-1979'), get('/api/what-if?b=ca-state')]);
  assert.equal(first.status, 200);
  assert.deepEqual(await first.json(), JSON.parse(said.stdout));
  assert.equal(second.status, 503);
  assert.equal((await get('/api/what-if')).status, 400);
  assert.equal((await get('/api/what-if?b=--help')).status, 400);
  assert.equal((await get('/api/what-if?b=..%2F..%2Fetc')).status, 400);
  const unknown = await get('/api/what-if?b=no-such-pack');
  assert.equal(unknown.status, 422);
  assert.match((await unknown.json()).error.message, /no-such-pack/);
});

test('the central case on the page: custody reached, nothing prohibited, and what another policy changes', async () => {
  const chrome = await browser();
  const messages = [];
  try {
    const page = await (await chrome.newContext({viewport: {width: 1600, height: 1000}})).newPage();
    page.on('console', message => messages.push(message.text()));
    await page.goto(server.link()); // each link works once; this is the one that was printed last
    await page.goto(`${server.origin}/?verdict=FED`);
    await page.locator('.card > a', {hasText: 'ICE arrests a person'}).click();
    await page.waitForSelector('.alert .hops');
    const detail = await page.locator('#detail').innerText();
    assert.match(detail, /Custody/);
    assert.match(detail, /No local rule reaches this step|Default of the map/);
    await page.waitForSelector('.matrix');
    assert.ok(await page.locator('.ribbon.v-FED').count() > 0);
    await page.goto(`${server.origin}/what-if`);
    await page.getByLabel(/so40-1979/).check();
    await page.getByRole('button', {name: 'Compare'}).click();
    await page.waitForSelector('#result-title');
    assert.match(await page.locator('#result-title').innerText(), /so40-1979 instead of/);
    assert.match(page.url(), /b=so40-1979/);
    await page.evaluate(axeSource);
    const {violations} = await page.evaluate(() => window.axe.run(document, {resultTypes: ['violations']}));
    assert.deepEqual(violations.map(v => `${v.id} ${v.nodes[0].target}`), []);
    mkdirSync('pictures', {recursive: true});
    await page.screenshot({path: join('pictures', 'what-if.png')});
    assert.deepEqual(messages, []);
  } finally { await chrome.close(); }
});
