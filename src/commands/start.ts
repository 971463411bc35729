/** `gatehouse start`: the server. Its log goes to standard output, so there is no `--json`. */
import type { Command } from 'commander';
import { start } from '../main.ts';
import { loadServerConfig } from './frame/command-config.ts';

const help = `
Everything is configured by environment variables; the README lists them. Without any, it serves
http://localhost:3000 with an embedded PostgreSQL in .data.

Examples:
  gatehouse start
  PORT=8080 gatehouse start
  gatehouse start --env-file /etc/gatehouse/env`;

export function addStart(program: Command, description: string): void {
  program
    .command('start')
    .description(description)
    .addHelpText('after', help)
    .action(() => start(loadServerConfig()));
}
