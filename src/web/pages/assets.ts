/**
 * Owns /assets: the stylesheet, script and pictures of the hosted pages, and the accent of a tenant.
 * The files are read once, at the start, and answered from memory; a request never reaches the file
 * system, so that no path it names can leave the directory. Other methods than GET and HEAD are refused.
 */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import type { Context, Middleware } from 'koa';
import { accentStylesheet } from '../../platform/accent.ts';

const mediaTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

const forAYear = 'public, max-age=31536000, immutable';
const forADay = 'public, max-age=86400';
const askFirst = 'public, no-cache';

interface Asset {
  body: Buffer;
  type: string;
  hash: string;
}

export interface Assets {
  /** Answers everything under /assets/ and leaves the rest to others. */
  middleware: Middleware;
  /** The address of a file with its content's hash in it. Throws for a file that does not exist. */
  url(name: string): string;
}

const require = createRequire(import.meta.url);

/** Scripts of others, by the name that pages ask for: from their packages as npm has them, at the version of the lock file. */
const packaged = { 'htmx.js': 'htmx.org/dist/htmx.min.js' };

function read(path: string, type: string): Asset {
  const body = readFileSync(path);
  return { body, type, hash: digest(body) };
}

/**
 * Reads the files of one directory, without its folders, and those of packages. Throws for a file whose type has no media
 * type here.
 */
export function createAssets(directory: string): Assets {
  const files = new Map<string, Asset>();
  for (const [name, path] of Object.entries(packaged))
    files.set(name, read(require.resolve(path), 'text/javascript; charset=utf-8'));
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const type = mediaTypes[extname(entry.name)];
    if (!type) throw new Error(`No media type known for the asset ${entry.name}`);
    files.set(entry.name, read(join(directory, entry.name), type));
  }

  return Object.freeze({
    middleware: async (ctx: Context, next: () => Promise<void>) => {
      if (!ctx.path.startsWith('/assets/')) return next();
      // A wrong address must not be kept by a cache in front of us, nor take on a page's error.
      ctx.set('Cache-Control', 'no-store');
      if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
        ctx.status = 405;
        ctx.set('Allow', 'GET, HEAD');
        return;
      }
      ctx.status = 404;
      const path = ctx.path.slice('/assets/'.length);
      const accent = /^accent\/([0-9a-f]{6})\.css$/.exec(path)?.[1];
      if (accent) {
        const body = Buffer.from(accentStylesheet(accent));
        answer(ctx, { body, type: 'text/css; charset=utf-8', hash: digest(body) }, forADay);
        return;
      }
      const [, hash, name = ''] = /^(?:([0-9a-f]{16})\/)?([a-z0-9.-]+)$/.exec(path) ?? [];
      const file = files.get(name);
      if (!file) return;
      // While two versions run side by side, a page of one may ask the other for its stylesheet: ours is
      // better than none, but nobody may keep it under that name.
      answer(ctx, file, hash === file.hash ? forAYear : askFirst);
    },
    url(name: string): string {
      const file = files.get(name);
      if (!file) throw new Error(`No asset named ${name}`);
      return `/assets/${file.hash}/${name}`;
    },
  });
}

function answer(ctx: Context, asset: Asset, cacheControl: string): void {
  ctx.status = 200;
  ctx.set('Cache-Control', cacheControl);
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.set('ETag', `"${asset.hash}"`);
  ctx.set('Content-Type', asset.type);
  if (ctx.fresh) {
    ctx.status = 304;
    return;
  }
  ctx.body = asset.body;
}

function digest(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex').slice(0, 16);
}
