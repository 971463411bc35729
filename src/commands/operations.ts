/** `gatehouse orgs|roles|...`: resources that have no other commands than the operations of the management API. */
import type { Command } from 'commander';
import { operations } from '../management/operations.ts';
import { addOperations } from './frame/operation-commands.ts';

/** Adds a noun of its operations alone. */
export function addResource(noun: string): (program: Command, description: string) => void {
  return (program, description) => {
    addOperations(program.command(noun).description(description), operations);
  };
}
