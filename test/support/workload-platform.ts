/** A platform that gives tokens to workloads: a discovery document, keys, and tokens as they should be or not. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export class WorkloadPlatform {
  readonly #server: Server;
  #keys: { kid: string; privateKey: CryptoKey; jwk: JWK }[] = [];
  /** What was asked, by path. */
  readonly asked: string[] = [];
  /** What it says instead. */
  answers: Record<string, { status?: number; body?: unknown; location?: string }> = {};
  down = false;

  private constructor() {
    this.#server = createServer((req, res) => {
      this.asked.push(req.url ?? '');
      if (this.down) return void req.socket.destroy();
      const { status = 200, body, location } = this.answers[req.url ?? ''] ?? { body: this.#document(req.url ?? '') };
      res.writeHead(status, { 'content-type': 'application/json', ...(location && { location }) });
      res.end(JSON.stringify(body ?? {}));
    });
  }

  static async start(): Promise<WorkloadPlatform> {
    const platform = new WorkloadPlatform();
    platform.#server.listen(0, '127.0.0.1');
    await once(platform.#server, 'listening');
    await platform.rotate();
    return platform;
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #document(path: string): unknown {
    if (path === '/.well-known/openid-configuration') return { issuer: this.issuer, jwks_uri: `${this.issuer}/keys` };
    return { keys: this.#keys.map(({ jwk }) => jwk) };
  }

  /** Another key takes the place of all. */
  async rotate(): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const kid = `key-${Math.random()}`;
    this.#keys = [{ kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' } }];
  }

  async token(claims: Record<string, unknown>, { by = this as WorkloadPlatform } = {}): Promise<string> {
    const [key] = by.#keys;
    if (!key) throw new Error('no key');
    const now = Math.floor(Date.now() / 1000);
    const payload = { iss: this.issuer, iat: now, exp: now + 300, jti: `${Math.random()}`, ...claims };
    return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: key.kid, typ: 'JWT' }).sign(key.privateKey);
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
