/** What is wrong with this installation, for who operates it. */
import { z } from 'zod';
import { operation } from './operation.ts';
import { time } from './shapes.ts';

const status = z.enum(['ok', 'warn', 'fail']);

const InstallationChecks = z
  .object({
    server: z.string().meta({ description: 'The machine that looked: another one may find something else' }),
    checked_at: time,
    status: status.meta({ description: 'The worst of all checks' }),
    items: z.array(
      z.object({
        name: z.string().meta({ description: 'Such as `database`, `mail`, `signing keys`' }),
        status,
        detail: z.string().meta({ description: 'What was found, in English; never a credential' }),
        advice: z.string().nullable().meta({ description: 'What to do about it, in English' }),
      }),
    ),
  })
  .meta({ id: 'InstallationChecks' });

export const installation = [
  operation({
    id: 'installation.checks',
    method: 'GET',
    path: '/installation/checks',
    summary: 'Look at the installation, and say what is wrong with it',
    description:
      'What `gatehouse doctor` looks at, as the server finds it: its settings, machine, database, keys, mail server and provider of messages to phones. Changes and sends nothing. A server looks at most once in fifteen seconds, however many ask: `checked_at` says when.',
    needs: { capability: 'tenants.manage', at: 'platform' },
    answer: InstallationChecks,
    async run({ deps }) {
      const { checks, ...looked } = await deps.lookAtInstallation();
      return { ...looked, items: checks.map((check) => ({ advice: null, ...check })) };
    },
  }),
];
