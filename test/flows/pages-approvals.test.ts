/** Approvals as somebody sees them in a browser: with scripts, on a phone in the dark, and without scripts. */
import assert from 'node:assert/strict';
import { approvalClient, approvalsAt, asked, poll } from '../support/approvals.ts';
import { accessibilityFaults, smallTargets } from '../support/page-checks.ts';
import { enterPassword, onStage } from '../support/pages.ts';

describe('the page of approvals', function () {
  this.timeout(300_000);
  const stage = onStage();

  for (const { where, options, looks } of [
    { where: 'on a desktop', options: { colorScheme: 'light' }, looks: true },
    { where: 'on a phone, in the dark', options: { width: 390, height: 780, colorScheme: 'dark' }, looks: true },
    { where: 'without scripts', options: { javaScriptEnabled: false }, looks: false },
  ] as const)
    it(`approves and denies ${where}`, async () => {
      const { app } = stage();
      const person = await app.person();
      const desk = await approvalClient(app, person.tenantId, { name: 'Service desk' });
      const shop = await approvalClient(app, person.tenantId, { name: 'Shop', firstParty: false });
      const hint = { login_hint: person.email };
      const ofDesk = await asked(app, desk, { ...hint, binding_message: "It's W4-SCT" });
      const ofShop = await asked(app, shop, hint);
      const page = await stage().newPage(options);
      const look = async () => {
        // What looks at a page is itself a script.
        if (!looks) return;
        assert.deepEqual([await accessibilityFaults(page), await smallTargets(page)].flat(), [], page.url());
      };
      await page.goto(approvalsAt(app.issuer));
      await enterPassword(page, person);
      await page.getByText("It's W4-SCT", { exact: true }).waitFor();
      await look();
      await page.getByRole('button', { name: 'Approve the request of Service desk' }).click();
      await page.getByRole('status').filter({ hasText: 'You have approved the request.' }).waitFor();
      await page.getByRole('button', { name: 'Deny the request of Shop' }).click();
      await page.getByRole('status').filter({ hasText: 'You have denied the request.' }).waitFor();
      await page.getByText('Nothing waits for your approval.').waitFor();
      await look();
      assert.equal((await poll(app, desk, ofDesk.auth_req_id)).status, 200);
      assert.equal((await poll(app, shop, ofShop.auth_req_id)).body.error, 'access_denied');
    });
});
