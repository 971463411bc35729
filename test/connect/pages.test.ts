import assert from 'node:assert/strict';
import { Command } from 'commander';
import { addApis } from '../../src/commands/apis.ts';
import { addClients, type CreateOptions, metadataOf } from '../../src/commands/clients.ts';
import { addServices } from '../../src/commands/services.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createResourceServer } from '../../src/domain/resource-servers/resource-servers.ts';
import { createClientRegistration } from '../../src/oidc/client-registration.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { commandsOf, connectPages, textOfPage } from '../support/connect-pages.ts';

/** What `clients create` or `apis create` makes of the words, which it refuses where it does not know one. */
async function optionsOf<T>(words: string[]): Promise<T> {
  const program = new Command('gatehouse').exitOverride().configureOutput({ writeErr: () => undefined });
  addClients(program, '');
  addApis(program, '');
  addServices(program, '');
  let taken: T | undefined;
  const command = program.commands
    .find((noun) => noun.name() === words[0])
    ?.commands.find((verb) => verb.name() === words[1]);
  assert.ok(command, words.join(' '));
  command.exitOverride().action((options: T) => {
    taken = options;
  });
  await program.parseAsync(words, { from: 'user' });
  return taken as T;
}

describe('the pages of docs/connect', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
    // What pages name as a default API where they do not register it themselves.
    const common = { identifier: 'https://api.example.org/', name: 'Stock API', tenantId: null };
    await createResourceServer(app.db, common, systemCaller);
  });
  after(() => app?.stop());

  it('are the seventeen that the index lists, each with a command and what it leaves out', () => {
    const index = textOfPage('README.md');
    const listed = [...index.matchAll(/^\| \[[^\]]+\]\(([a-z0-9-]+\.md)\)/gm)].map(([, name]) => name);
    assert.deepEqual([...listed].sort(), connectPages);
    assert.equal(connectPages.length, 17);
    for (const page of connectPages) {
      assert.ok(commandsOf(page).length > 0, page);
      assert.match(textOfPage(page), /^## What (it leaves|they leave) out$/m, page);
    }
  });

  for (const page of connectPages)
    it(`register with their own commands what the server takes: ${page}`, async () => {
      const { registerClient } = createClientRegistration(app);
      const { id: tenantId } = await app.tenant();
      for (const words of commandsOf(page)) {
        const options = await optionsOf<CreateOptions>(words);
        if (words[0] !== 'clients') continue;
        const metadata = await metadataOf(options);
        const wanted = { kind: options.kind, name: options.name, firstParty: options.firstParty, redirectUris: [] };
        const owner = options.tenant === undefined ? null : tenantId;
        const { client } = await registerClient(app.db, { ...wanted, tenantId: owner, metadata }, systemCaller);
        const known = await app.server.provider().Client.find(client.clientId);
        for (const uri of options.redirectUri ?? []) assert.equal(known?.redirectUriAllowed(uri), true, uri);
        // What a program on the person's own machine asks for, whatever port is free.
        for (const uri of options.redirectUri ?? [])
          if (options.kind === 'native' && uri.startsWith('http://'))
            assert.equal(known?.redirectUriAllowed(uri.replace(/^(http:\/\/[^/:]+)(:\d+)?/, '$1:18000')), true, uri);
      }
    });
});
