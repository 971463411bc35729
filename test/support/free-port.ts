/** Ports for servers that tests start, also for those that stop and come again on the same one. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

const portsOfOne = 100;
let nextPort = 0;

/** Listens on it, if nobody else does. */
async function take(port: number): Promise<Server | undefined> {
  const server = createServer().unref();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, () => resolve(server));
  });
}

/**
 * A port that is free and stays so: not of the range from which systems take ports by themselves, where an outgoing
 * connection may have it the next moment, nor of those that an embedded PostgreSQL chooses from; and of a hundred that no
 * other process of tests hands out, because this one listens on the first of them as long as it lives.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    if (nextPort % portsOfOne === 0) {
      const first = randomInt(11_000 / portsOfOne, 25_000 / portsOfOne) * portsOfOne;
      if (await take(first)) nextPort = first + 1;
      continue;
    }
    const port = nextPort++;
    const probe = await take(port);
    if (!probe) continue;
    probe.close();
    await once(probe, 'close');
    return port;
  }
}
