// Somebody in front of the page, who does what people do and sees what people see.

import assert from "node:assert/strict";
import { PATIENCE } from "./browser.mjs";

/** A person in a tab. Anything that the page writes to its console as an error fails the test at its end. */
export class Person {
  /** Opens the page in a tab of its own; `context` are options of the browser context. */
  static async open(browser, address, context = {}) {
    const own = await browser.newContext(context);
    return Person.in(own, address);
  }

  /** Opens the page in another tab of a context. */
  static async in(context, address) {
    const page = await context.newPage();
    const person = new Person(page);
    await page.goto(address);
    return person;
  }

  constructor(page) {
    this.page = page;
    this.errors = [];
    page.setDefaultTimeout(PATIENCE);
    page.on("pageerror", (error) => this.errors.push(error.message));
    page.on("console", (message) => {
      // A connection that is cut is an error to the browser, and the point of the test.
      const network = /WebSocket connection|Failed to load resource|ERR_/.test(message.text());
      if (message.type() === "error" && !network) this.errors.push(message.text());
    });
  }

  /** Logs in; `jid` decides the brand. */
  async logIn(jid, password, transport = "websocket") {
    const [name, domain] = jid.split("@");
    await this.page.locator(`input[name=brand][value="${domain}"]`).check();
    await this.page.getByRole("textbox", { name: "User name" }).fill(name);
    await this.page.getByLabel("Password").fill(password);
    const choice = this.page.locator(`input[name=transport][value=${transport}]`);
    if (!(await choice.isVisible())) await this.page.locator(".connection summary").click();
    await choice.check();
    await this.page.getByRole("button", { name: "Log in" }).click();
    await this.online();
    this.jid = jid;
  }

  /** Waits until the page is connected. */
  online() {
    return this.page.locator("#desk[data-state=online]").waitFor();
  }

  /** Waits until the page says that it is not. */
  offline() {
    return this.page.locator("#desk[data-state=waiting] #notice").waitFor();
  }

  /** Asks somebody to become a contact. */
  async add(who, name = "") {
    await this.page.getByRole("button", { name: "Add contact" }).click();
    const dialog = this.page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: "User name" }).fill(who);
    await dialog.getByLabel("Name in your list").fill(name);
    await dialog.getByRole("button", { name: "Send request" }).click();
    await dialog.waitFor({ state: "hidden" });
  }

  /** Answers somebody's request: `Accept` or `Decline`. */
  async answer(jid, words) {
    await this.page.getByRole("button", { name: `${words} ${jid}` }).click();
    await this.page.locator(`.request[data-jid="${jid}"]`).waitFor({ state: "detached" });
  }

  /** A contact's row in the list. */
  row(jid) {
    return this.page.locator(`.row[data-jid="${jid}"]`);
  }

  /** Waits until a contact is shown as `available`, `away`, `dnd`, `offline`. */
  sees(jid, show) {
    return this.row(jid).locator(`.dot-${show}`).waitFor();
  }

  /** Opens the conversation with somebody. */
  async open(jid) {
    await this.row(jid).click();
    await this.page.locator("#text").waitFor();
  }

  /** Writes and sends. */
  async say(text) {
    await this.page.locator("#text").fill(text);
    await this.page.locator("#text").press("Enter");
  }

  /** Waits for a message of the other in the open conversation. */
  hears(text) {
    return this.page.locator(".message.theirs .body", { hasText: text }).first().waitFor();
  }

  /** The texts of the open conversation from one side: `mine` or `theirs`. */
  texts(side) {
    return this.page.locator(`.message.${side} .body`).allTextContents();
  }

  /** Waits until as many messages of ours have reached the server. */
  async delivered(count) {
    await this.page.waitForFunction(
      (wanted) => document.querySelectorAll('.message.mine[data-state="done"]').length === wanted,
      count,
    );
  }

  /** Waits until all messages of ours have reached the server. */
  async allDelivered() {
    await this.page.waitForFunction(() => !document.querySelector('.message.mine:not([data-state="done"])'));
  }

  /** Waits until the document's title is this. */
  async titled(title) {
    await this.page.waitForFunction((wanted) => document.title === wanted, title);
  }

  /** Loads the page again and waits until it is back. */
  async reload() {
    await this.page.reload();
    await this.online();
  }

  /** What the tab keeps, by name. */
  storage() {
    return this.page.evaluate(() => ({ ...sessionStorage }));
  }

  /** Ends; nothing may have gone wrong in the page. */
  async close() {
    assert.deepEqual(this.errors, [], `${this.jid ?? "the page"} had errors`);
    await this.page.close();
  }
}

/** Makes two people contacts of each other. */
export async function befriend(one, other) {
  await one.add(other.jid);
  await other.answer(one.jid, "Accept");
  await one.answer(other.jid, "Accept");
  await Promise.all([one.sees(other.jid, "available"), other.sees(one.jid, "available")]);
}

/** Jack and anna, who are each other's contacts and have opened their conversation; each has an address of the page. */
export async function friends(browser, transport, jacks, annas) {
  const jack = await Person.open(browser, jacks);
  const anna = await Person.open(browser, annas);
  await jack.logIn("jack@chess.example", "jack-chess", transport);
  await anna.logIn("anna@chess.example", "anna-chess", transport);
  await befriend(jack, anna);
  await jack.open(anna.jid);
  await anna.open(jack.jid);
  return { jack, anna };
}
