// Two pages in Chromium: what one types the other shows.
//   node two-pages.mjs URL CHROMIUM [SCREENSHOT]
import { chromium } from 'playwright-core';

const [, , url, executablePath, screenshot] = process.argv;
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  const enter = async (name, room) => {
    const page = await (await browser.newContext({ viewport: { width: 720, height: 820 } })).newPage();
    page.setDefaultTimeout(20000);
    page.on('pageerror', (error) => { throw error; });
    await page.goto(url);
    await page.getByLabel('Your name').fill(name);
    await page.getByLabel('Room').fill(room);
    await page.getByRole('button', { name: 'Enter' }).click();
    await page.getByText(name + ' has come').waitFor();
    return page;
  };
  const say = async (page, text) => {
    await page.getByLabel('Message').fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
  };
  const ada = await enter('Ada', 'engines');
  const bob = await enter('Bob', 'engines');
  await ada.getByText('2 here').waitFor();
  await say(ada, 'Is anybody <b>there</b>? κόσμε');
  await bob.getByText('Is anybody <b>there</b>? κόσμε').waitFor();
  await say(bob, 'I am. Nice room.');
  await ada.getByText('I am. Nice room.').waitFor();

  // Another room hears nothing of it, and who comes later sees what was said.
  const eve = await enter('Eve', 'elsewhere');
  if (await eve.getByText('Nice room').count()) throw new Error('a message in another room');
  const late = await enter('Late', 'engines');
  await late.getByText('I am. Nice room.').waitFor();
  if (screenshot) await ada.screenshot({ path: screenshot });
  await late.close();
  await ada.getByText('Late has left').waitFor();
  console.log('ok');
} finally {
  await browser.close();
}
