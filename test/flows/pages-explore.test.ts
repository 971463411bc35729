import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { backAtClient, enterPassword, headingOf, onStage, signInAt } from '../support/pages.ts';
describe('explore', () => {
  const stage = onStage();
  it('form_post', async () => {
    const { app, newPage, client, request, site } = stage();
    const p = await newPage();
    const c = await client();
    const person = await app.person();
    await p.goto((await request(c, {response_mode: 'form_post'})).address.href);
    await enterPassword(p, person);
    await backAtClient(p, stage());
    console.log(site.posted);
  });
  it('switching', async () => {
    const { app, newPage, client, request } = stage();
    const p = await newPage();
    const c = await client();
    const a = await app.person(); const b = await app.person({tenantId: a.tenantId});
    await signInAt(p, stage(), c, a);
    await p.goto((await request(c, {prompt: 'login'})).address.href);
    await enterPassword(p, b);
    console.log(p.url(), await headingOf(p), await p.content());
    await p.getByRole('button').click();
    console.log(p.url());
    await backAtClient(p, stage());
  });
  it('logout when not signed in', async () => {
    const { app, newPage, client, request, site } = stage();
    const p = await newPage();
    const c = await client();
    await p.goto(openid.buildEndSessionUrl(c.config, {post_logout_redirect_uri: `${site.url}/signed-out`}).href);
    console.log(p.url(), await p.content());
    await p.getByRole('button').click();
    await p.waitForTimeout(300);
    console.log(p.url(), await p.content());
  });
  it('stay signed in', async () => {
    const { app, newPage, client, request, site } = stage();
    const p = await newPage();
    const c = await client();
    const person = await app.person();
    await signInAt(p, stage(), c, person);
    await p.goto(openid.buildEndSessionUrl(c.config).href);
    await p.getByRole('button', {name: 'Stay signed in'}).click();
    await p.waitForTimeout(300);
    console.log(p.url(), await headingOf(p));
    await p.goto(app.issuer + '/logout');
    await p.getByRole('button', {name: 'Stay signed in'}).click();
    await p.waitForTimeout(300);
    console.log(p.url(), await headingOf(p));
  });
  it('device link', async () => {
    const { app, newPage, client } = stage();
    const p = await newPage();
    await p.goto(app.issuer + '/device?user_code=BCDF-GHJK');
    await p.waitForTimeout(300);
    console.log(p.url(), await p.content());
  });
  it('back', async () => {
    const { app, newPage, client, request, site } = stage();
    const p = await newPage({statuses: [404, 410, 401]});
    const c = await client();
    const person = await app.person();
    await p.goto(site.url);
    await signInAt(p, stage(), c, person);
    await p.goBack();
    await p.waitForTimeout(300);
    console.log(p.url(), await p.content());
  });
});
