// Takes the pictures of the README, see pictures.sh.
import {join} from 'node:path';
import {dashboard, browser} from './help.mjs';

const server = await dashboard(process.env.LOG);
const chrome = await browser();
try {
  const context = await chrome.newContext({viewport: {width: 1600, height: 1000}});
  const page = await context.newPage();
  await page.goto(server.url);
  const json = async path => (await page.request.get(server.origin + path)).json();
  const [onward] = (await json('/api/alerts?edge=E23&verdict=PROH&limit=1')).alerts;
  const [handed] = (await json('/api/alerts?level=4&limit=1&verdict=FED')).alerts;
  const take = async (name, path, scheme = 'light') => {
    await page.emulateMedia({colorScheme: scheme});
    await page.goto(server.origin + path);
    await page.waitForSelector('.alert .hops');
    await page.waitForSelector('.map');
    await page.waitForTimeout(300);
    await page.screenshot({path: join(process.env.OUT, name)});
  };
  await take('inbox.png', `/?alert=${onward.id}`);
  await take('dark.png', `/?alert=${handed.id}`, 'dark');
  await page.emulateMedia({colorScheme: 'light'});
  await page.setViewportSize({width: 1400, height: 860});
  await page.goto(`${server.origin}/replay?entry=34`);
  await page.waitForSelector('#replay-map .ribbon');
  await page.waitForSelector('#replay-check b');
  await page.waitForSelector('.verified');
  await page.screenshot({path: join(process.env.OUT, 'replay.png')});
} finally {
  await chrome.close();
  await server.stop();
}
