/** The application's pages. Every value is escaped; nothing runs in the browser. */
import { readFileSync } from 'node:fs';
import type { Session, SignedIn } from './sessions.ts';

export const stylesheet = readFileSync(new URL('style.css', import.meta.url), 'utf8');

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

function layout(app: string, title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="stylesheet" href="/style.css">
<link rel="icon" href="data:,">
</head>
<body>
<header><a href="/">${escapeHtml(app)}</a><span>a relying party of Gatehouse</span></header>
<main>
${content}
</main>
</body>
</html>
`;
}

const meanings: Record<string, string> = {
  iss: 'who says so',
  sub: 'the person, for ever the same',
  aud: 'for whom it is said',
  exp: 'valid until',
  iat: 'said at',
  auth_time: 'signed in at',
  updated_at: 'changed at',
  acr: 'how strong the proof was',
  amr: 'how they proved themselves',
  sid: 'the session at Gatehouse',
  nonce: 'ties it to our request',
};
const times = new Set(['exp', 'iat', 'auth_time', 'updated_at']);

function claimValue(name: string, value: unknown): string {
  if (times.has(name) && typeof value === 'number') {
    const time = new Date(value * 1000).toISOString();
    return `<time datetime="${time}">${time.replace('T', ' ').replace('.000Z', ' UTC')}</time>`;
  }
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) {
    if (value.length === 0) return '<span class="quiet">none</span>';
    return value.map((entry) => `<span class="tag">${escapeHtml(entry)}</span>`).join(' ');
  }
  if (typeof value === 'object') return `<pre>${escapeHtml(JSON.stringify(value, null, 2))}</pre>`;
  return escapeHtml(String(value));
}

function claimsTable(id: string, title: string, lead: string, claims: object): string {
  const rows = Object.entries(claims).map(([name, value]) => {
    const meaning = meanings[name] ? `<small>${meanings[name]}</small>` : '';
    return `<tr><th scope="row"><code>${escapeHtml(name)}</code>${meaning}</th><td>${claimValue(name, value)}</td></tr>`;
  });
  return `<section id="${id}"><h2>${title}</h2><p class="quiet">${lead}</p><table>${rows.join('\n')}</table></section>`;
}

function notice(session: Session | undefined): string {
  const { notice } = session ?? {};
  if (!notice) return '';
  const content =
    notice.content === undefined ? '' : `<pre>${escapeHtml(JSON.stringify(notice.content, null, 2))}</pre>`;
  return `<div id="notice" class="notice${notice.failed ? ' failed' : ''}" role="status"><strong>${escapeHtml(notice.title)}</strong>
<p>${escapeHtml(notice.detail)}</p>${content}</div>`;
}

function action(path: string, label: string, kind = ''): string {
  return `<form method="post" action="${path}"><button class="${kind}">${label}</button></form>`;
}

export function signedOutPage(app: string, session: Session | undefined): string {
  return layout(
    app,
    app,
    `${notice(session)}<h1>You are not signed in</h1>
<p>This application keeps no passwords. It sends you to Gatehouse, and Gatehouse tells it who you are.</p>
<p><a class="button" href="/sign-in">Sign in with Gatehouse</a></p>`,
  );
}

export function signedInPage(
  app: string,
  session: Session,
  { claims, userinfo, refreshToken, refreshedAt }: SignedIn,
): string {
  const name = typeof userinfo.name === 'string' ? userinfo.name : (userinfo.email ?? claims.sub);
  return layout(
    app,
    `${name} – ${app}`,
    `${notice(session)}<h1>Hello, ${escapeHtml(name)}</h1>
<div class="actions">
${refreshToken ? action('/call-api', 'Ask the API') : ''}
${refreshToken ? action('/call-costs', 'Ask for the costs', 'quiet-button') : ''}
${refreshToken ? action('/refresh', 'Refresh', 'quiet-button') : ''}
${action('/sign-out', 'Sign out', 'quiet-button')}
</div>
${refreshedAt ? `<p class="quiet">Refreshed at <time id="refreshed-at" datetime="${refreshedAt.toISOString()}">${refreshedAt.toISOString().slice(11, 19)} UTC</time></p>` : ''}
<div class="columns">
${claimsTable('id-token', 'ID token', 'Signed by Gatehouse, for this application: who signed in, when and how.', claims)}
${claimsTable('userinfo', 'Userinfo', 'Asked for with the access token: what the granted scopes release.', userinfo)}
</div>`,
  );
}

export function errorPage(app: string, title: string, detail: string): string {
  return layout(
    app,
    title,
    `<h1>${escapeHtml(title)}</h1><p id="error">${escapeHtml(detail)}</p><p><a class="button" href="/">Back to the start</a></p>`,
  );
}
