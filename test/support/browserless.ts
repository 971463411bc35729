/**
 * A browser without a screen, for flows: keeps cookies by path, follows redirects by hand, fills in forms as they are in
 * the page. Speaks through node:http and node:https, because `fetch` would add headers that no navigation has.
 */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';

interface Cookie {
  name: string;
  value: string;
  path: string;
}

export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
  /** The address that answered. */
  url: string;
  /** Where it sends the browser, if it does. */
  location: string | undefined;
}

export class Browserless {
  readonly cookies: Cookie[] = [];
  readonly headers: Record<string, string>;
  /** How it connects: `ca`, `localAddress` ... */
  readonly connection: RequestOptions;

  constructor(headers: Record<string, string> = {}, connection: RequestOptions = {}) {
    this.connection = connection;
    this.headers = {
      accept: 'text/html',
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0',
      ...headers,
    };
  }

  private cookieHeader(url: URL): string {
    return this.cookies
      .filter(({ path }) => url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  private keep(url: URL, setCookies: string[]): void {
    for (const line of setCookies) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const name = pair.slice(0, pair.indexOf('='));
      const value = pair.slice(pair.indexOf('=') + 1);
      const path = attributes.find((attribute) => /^path=/i.test(attribute))?.slice(5) ?? '/';
      const expires = attributes.find((attribute) => /^expires=/i.test(attribute))?.slice(8);
      const index = this.cookies.findIndex((cookie) => cookie.name === name && cookie.path === path);
      if (index >= 0) this.cookies.splice(index, 1);
      if (expires !== undefined && Date.parse(expires) < Date.now()) continue;
      this.cookies.push({ name, value, path });
    }
    void url;
  }

  /** One exchange, no redirect followed. A body is sent as a form of our own pages is. */
  async send(
    address: string,
    form?: Record<string, string> | string,
    extra: Record<string, string> = {},
  ): Promise<Reply> {
    const url = new URL(address);
    const body =
      form === undefined ? undefined : typeof form === 'string' ? form : new URLSearchParams(form).toString();
    const cookie = this.cookieHeader(url);
    return new Promise((resolve, reject) => {
      const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const req = request(
        url,
        {
          ...this.connection,
          method: body === undefined ? 'GET' : 'POST',
          headers: {
            ...this.headers,
            ...(cookie ? { cookie } : {}),
            ...(body === undefined
              ? { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }
              : {
                  'content-type': 'application/x-www-form-urlencoded',
                  'content-length': String(Buffer.byteLength(body)),
                  'sec-fetch-site': 'same-origin',
                  origin: 'null',
                }),
            ...extra,
          },
        },
        (res) => {
          const chunks: Buffer[] = [];
          res.on('data', (chunk) => chunks.push(chunk));
          res.on('end', () => {
            this.keep(url, res.headers['set-cookie'] ?? []);
            const { statusCode: status = 0 } = res;
            // Where anything but a redirect names an address, a browser does not go there.
            const location = status >= 300 && status < 400 ? res.headers.location : undefined;
            resolve({
              status,
              headers: res.headers,
              body: Buffer.concat(chunks).toString(),
              url: url.href,
              location: location === undefined ? undefined : new URL(location, url).href,
            });
          });
          res.on('error', reject);
        },
      );
      req.on('error', reject);
      req.end(body);
    });
  }

  /** Follows redirects until a page, or until an address that begins with `until`. */
  async follow(reply: Reply, until: string): Promise<Reply> {
    let current = reply;
    for (let hops = 0; hops < 15 && current.location !== undefined; hops++) {
      if (current.location.startsWith(until)) return current;
      current = await this.send(current.location);
    }
    return current;
  }

  /** Opens an address as a navigation. */
  async open(address: string, until = 'none:'): Promise<Reply> {
    return this.follow(await this.send(address), until);
  }

  /** Sends the (first, or n-th) form of a page with its hidden fields and these values. */
  async submit(page: Reply, values: Record<string, string>, { until = 'none:', form = 0 } = {}): Promise<Reply> {
    const forms = [...page.body.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)];
    const chosen = forms[form];
    if (!chosen) throw new Error(`no form in the page: ${page.status} ${page.body.slice(0, 500)}`);
    const action = unescapeHtml(/action="([^"]*)"/.exec(chosen[1] as string)?.[1] ?? page.url);
    const fields: Record<string, string> = {};
    for (const [input] of (chosen[2] as string).matchAll(/<input\b[^>]*>/g)) {
      if (!/type="hidden"/.test(input)) continue;
      const name = /name="([^"]*)"/.exec(input)?.[1];
      if (name) fields[unescapeHtml(name)] = unescapeHtml(/value="([^"]*)"/.exec(input)?.[1] ?? '');
    }
    for (const [, attributes = '', options = ''] of (chosen[2] as string).matchAll(
      /<select\b([^>]*)>([\s\S]*?)<\/select>/g,
    )) {
      const name = /name="([^"]*)"/.exec(attributes)?.[1];
      const [, value] =
        /<option value="([^"]*)" selected>/.exec(options) ?? /<option value="([^"]*)"/.exec(options) ?? [];
      if (name && value !== undefined) fields[unescapeHtml(name)] = unescapeHtml(value);
    }
    return this.follow(await this.send(new URL(action, page.url).href, { ...fields, ...values }), until);
  }
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&#34;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}
