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
    await page.waitForSelector('.verified.calm');
    await page.waitForTimeout(300);
    await page.screenshot({path: join(process.env.OUT, name)});
  };
  await take('inbox.png', `/?alert=${onward.id}`);
  await take('dark.png', `/?alert=${handed.id}`, 'dark');
  await page.emulateMedia({colorScheme: 'light'});
  await page.setViewportSize({width: 1400, height: 860});
  // Some way into the day, at an entry that raised an alert; the log is counted at the first look.
  let moment;
  do { moment = await json('/api/replay?as_of=130000'); } while (!moment.entry);
  await page.goto(`${server.origin}/replay?entry=${moment.alert_after}`);
  await page.waitForSelector('#replay-map .ribbon');
  await page.waitForSelector('#replay-check b');
  await page.waitForSelector('.verified.calm');
  await page.screenshot({path: join(process.env.OUT, 'replay.png')});
  await page.goto(`${server.origin}/what-if?b=so40-1979`);
  await page.waitForSelector('#result-title');
  await page.screenshot({path: join(process.env.OUT, 'what-if.png')});
} finally {
  await chrome.close();
  await server.stop();
}
