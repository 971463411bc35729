/** `gatehouse start`: the server. Its log goes to standard output, so there is no `--json`. */
import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { start } from '../main.ts';

const help = `
Everything is configured by environment variables; the README lists them. Without any, it serves
http://localhost:3000 with an embedded PostgreSQL in .data.

Examples:
  gatehouse start
  PORT=8080 gatehouse start
  NODE_ENV=production ISSUER=https://id.example.org DATABASE_URL=postgres://... SECRET_KEY=... gatehouse start`;

export function addStart(program: Command, description: string): void {
  program
    .command('start')
    .description(description)
    .addHelpText('after', help)
    .action(() => start(loadConfig()));
}
