// A castling of our own with a few people on it, for pictures.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const DOMAINS = `
[[domain]]
name = "chess.example"
brand = { title = "Chess", color = "#7a4" }
[[domain]]
name = "wuchess.example"
brand = { title = "Wuchess", color = "#47a" }
`;

/** A running server. */
export class Server {
  /** Starts `binary` with accounts `{ jid: password }` in a folder of its own. */
  static async start(binary, accounts) {
    const server = new Server();
    server.folder = await mkdtemp(join(tmpdir(), "castling-pictures-"));
    const port = await freePort();
    server.address = `http://127.0.0.1:${port}/`;
    await writeFile(
      join(server.folder, "castling.toml"),
      `data_dir = "data"\n[listen]\nhttp = ["127.0.0.1:${port}"]\n${DOMAINS}`,
    );
    const rows = Object.entries(accounts).map(([jid, password]) => `${jid},${password}\n`);
    await writeFile(join(server.folder, "users.csv"), rows.join(""));
    const added = spawnSync(binary, ["user", "add", "--from", "users.csv"], { cwd: server.folder, encoding: "utf8" });
    if (added.status !== 0) throw new Error(added.stderr);
    server.process = spawn(binary, ["serve"], { cwd: server.folder, stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await once(createInterface(server.process.stdout), "line");
    if (line !== "ready") throw new Error(line);
    return server;
  }

  /** Ends it and takes its folder away. */
  async stop() {
    this.process.kill();
    await once(this.process, "exit");
    await rm(this.folder, { recursive: true });
  }
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  return port;
}
