// Drives a site in Chromium and prints one line per finding: "ok - name" or "not ok - name".
//   node accessibility.mjs URL FOLDER-OF-NODE_MODULES EMAIL PASSWORD
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const [base, modules, email, password] = process.argv.slice(2);
const require = createRequire(`${modules}/x.js`);
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const say = (good, name, details = '') =>
  console.log(`${good ? 'ok' : 'not ok'} - ${name}${good || !details ? '' : `: ${String(details).replace(/\s+/g, ' ')}`}`);

const browser = await chromium.launch({
  executablePath: process.env.BROWSER || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

// A page that notes everything that a visitor's browser would complain about.
async function open(options = {}) {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.complaints = [];
  page.on('console', (m) => ['error', 'warning'].includes(m.type())
    && !/status of (4|5)\d\d/.test(m.text()) && page.complaints.push(m.text()));
  page.on('pageerror', (e) => page.complaints.push(String(e)));
  page.on('request', (r) => {
    if (!r.url().startsWith(`${base}/`) && !r.url().startsWith('data:')) page.complaints.push(`asks ${r.url()}`);
  });
  // What the browser gives up itself because it goes to the next page is no failure.
  page.on('requestfailed', (r) => r.failure()?.errorText !== 'net::ERR_ABORTED'
    && page.complaints.push(`failed ${r.url()}`));
  return page;
}

const path = (page) => page.url().slice(base.length);

// What holds on every page. `scan` is done in the page's own world, so only with JavaScript on.
async function inspect(page, name, scan = true) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  say(wide <= 0, `${name}: no horizontal scrolling`, wide);
  if (scan) {
    await page.evaluate(axe);
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    say(found.violations.length === 0, `${name}: nothing that axe finds`,
      found.violations.map((v) => `${v.id} at ${v.nodes.map((n) => n.target).join(', ')}`).join('; '));
  }
  const strange = await page.evaluate(() => document.querySelectorAll('x, [y]').length);
  say(strange === 0, `${name}: 1.2.1 no element came out of stored text`, strange);
  say(page.complaints.length === 0, `${name}: X13, D33 the browser has nothing to complain about`, page.complaints.join('; '));
  page.complaints.length = 0;
}

// Moves the focus with the Tab key alone until it is on what `wanted` finds.
async function tabTo(page, wanted, name) {
  for (let i = 0; i < 40; i += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((s) => document.activeElement?.matches(s), wanted)) {
      const shown = await page.evaluate(() => {
        const style = getComputedStyle(document.activeElement);
        return style.outlineStyle !== 'none' || style.boxShadow !== 'none';
      });
      say(shown, `keyboard: one sees that ${name} has the focus`);
      return true;
    }
  }
  say(false, `keyboard: ${name} can be reached`);
  return false;
}

async function keyboardOnly() {
  const page = await open({ viewport: { width: 1280, height: 800 } });
  await page.goto(`${base}/`);
  await page.keyboard.press('Tab');
  say(await page.evaluate(() => document.activeElement.matches('.skip.link')), 'keyboard: first a link past the menu');
  await tabTo(page, 'nav a[href="/account/login"]', 'the link to log in');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/account/login');
  await tabTo(page, '[name=email]', 'the address');
  await page.keyboard.type(email);
  await page.keyboard.press('Tab');
  await page.keyboard.type('not the password 9');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.ui.error.message');
  say(/Invalid email or password\./.test(await page.textContent('.ui.error.message')), 'keyboard: R3 a wrong password');
  say(await page.inputValue('[name=email]') === email, 'keyboard: R3 the address is kept');
  say(await page.inputValue('[name=password]') === '', 'keyboard: R3 the password is not');
  await inspect(page, 'login refused, desktop');
  await tabTo(page, '[name=password]', 'the password');
  await page.keyboard.type(password);
  await tabTo(page, '[name=remember_me]', 'the checkbox');
  await page.keyboard.press('Space');
  say(await page.isChecked('[name=remember_me]'), 'keyboard: the checkbox is checked');
  await tabTo(page, '[type=submit][name=submit]', 'the button');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/admin/');
  say(/Welcome back!/.test(await page.textContent('.ui.success.message')), 'keyboard: R3 logged in');
  await tabTo(page, '.flashes .close', 'the button that puts the message away');
  await page.keyboard.press('Enter');
  say(await page.locator('.flashes').count() === 0, 'keyboard: T2 the message is gone');
  await tabTo(page, 'nav button[form=log-out]', 'the button to log out');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.ui.info.message');
  say(path(page) === '/', 'keyboard: R5 logged out');
  await page.context().close();
}

async function phone(colorScheme) {
  const page = await open({ viewport: { width: 360, height: 740 }, colorScheme, hasTouch: true, isMobile: true });
  await page.goto(`${base}/`);
  await inspect(page, `home, phone, ${colorScheme}`);
  const menu = page.locator('.ui.mobile.menu > details');
  await menu.locator('summary').click();
  await menu.locator('a[href="/account/login"]').waitFor({ state: 'visible' });
  await inspect(page, `open menu, phone, ${colorScheme}`);
  await page.keyboard.press('Escape');
  say(!(await menu.evaluate((m) => m.open)), `phone, ${colorScheme}: Escape closes the menu`);
  await menu.locator('summary').click();
  await menu.locator('a[href="/account/login"]').click();
  await page.waitForURL('**/account/login');
  await inspect(page, `login, phone, ${colorScheme}`);
  await page.fill('[name=email]', email);
  await page.fill('[name=password]', password);
  await page.click('[type=submit][name=submit]');
  await page.waitForURL('**/admin/');
  for (const where of ['/admin/', '/account/manage', '/account/logout', '/about', '/', '/account/nothing']) {
    await page.goto(base + where);
    await inspect(page, `${where}, logged in, phone, ${colorScheme}`);
  }
  await page.context().close();
}

async function desktop(colorScheme) {
  const page = await open({ viewport: { width: 1440, height: 900 }, colorScheme });
  for (const where of ['/', '/about', '/account/login']) {
    await page.goto(base + where);
    await inspect(page, `${where}, desktop, ${colorScheme}`);
  }
  await page.fill('[name=email]', email);
  await page.fill('[name=password]', password);
  await page.click('[type=submit][name=submit]');
  await page.waitForURL('**/admin/');
  for (const where of ['/admin/', '/account/manage', '/']) {
    await page.goto(base + where);
    await inspect(page, `${where}, logged in, desktop, ${colorScheme}`);
  }
  await page.context().close();
}

async function withoutJavaScript() {
  const page = await open({ viewport: { width: 360, height: 740 }, javaScriptEnabled: false });
  await page.goto(`${base}/account/manage`);
  say(path(page).startsWith('/account/login?next='), 'X13 without JavaScript: a login is asked for');
  await page.fill('[name=email]', email);
  await page.fill('[name=password]', password);
  await page.click('[type=submit][name=submit]');
  say(path(page) === '/account/manage', 'X13 without JavaScript: logged in, and where one wanted to go', page.url());
  say(await page.locator('.flashes .close').count() === 0, 'X13 without JavaScript: no button that does nothing');
  await page.click('.ui.mobile.menu > details > summary');
  await page.click('.ui.mobile.menu button[form=log-out]');
  say(path(page) === '/' && /logged out/.test(await page.textContent('.ui.info.message')),
    'X13 without JavaScript: menu opened and logged out');
  say(page.complaints.length === 0, 'X13 without JavaScript: no complaints', page.complaints.join('; '));
  await page.context().close();
}

let failed = 0;
for (const part of [keyboardOnly, () => phone('light'), () => phone('dark'), () => desktop('light'),
  () => desktop('dark'), withoutJavaScript]) {
  try {
    await part();
  } catch (error) {
    failed = 1;
    say(false, 'the walk went through', error.stack ?? error);
  }
}
await browser.close();
console.log(failed ? 'not ok - finished' : 'ok - finished');
