/** The commands there are; what each needs is loaded when it is called. */
import type { Command, Options } from './command.ts'

export interface CommandEntry {
  readonly name: string
  readonly summary: string
  load(): Promise<Command>
}

// A command's `run` takes the values of its own table, which the general type cannot know: parsing by the same
// table makes them fit.
const general = <Table extends Options>(command: Command<Table>) => command as unknown as Command

export const commands: readonly CommandEntry[] = [
  {
    name: 'replay',
    summary: "replay captures through Linux's connection tracking and iptables",
    load: async () => general((await import('./replay.ts')).replay),
  },
  {
    name: 'explain',
    summary: 'say why a packet fared as it did: its connection, the rules it met, what would change it',
    load: async () => general((await import('./explain.ts')).explain),
  },
  {
    name: 'diff',
    summary: 'run two rulesets over the same captures, and tell which flows change',
    load: async () => general((await import('./diff.ts')).diff),
  },
  {
    name: 'fmt',
    summary: 'print iptables rules in one form, and what is wrong with them',
    load: async () => general((await import('./fmt.ts')).fmt),
  },
  {
    name: 'decode',
    summary: 'say in words what lines of the state table or of the kernel log mean',
    load: async () => general((await import('./decode.ts')).decode),
  },
  {
    name: 'test',
    summary: 'run scenarios: packets by hand, and what is expected of them',
    load: async () => general((await import('./test.ts')).test),
  },
  {
    name: 'lint',
    summary: 'tell what is wrong with iptables rules, without any traffic',
    load: async () => general((await import('./lint.ts')).lint),
  },
  {
    name: 'query',
    summary: 'tell which packets of a description iptables rules accept, with an example of each',
    load: async () => general((await import('./query.ts')).query),
  },
  {
    name: 'serve',
    summary: 'show captures in a page of the browser: connections, packets, the state table, the rules',
    load: async () => general((await import('./serve.ts')).serve),
  },
  {
    name: 'completion',
    summary: 'print a script with which a shell completes commands and options',
    load: async () => general((await import('./completion.ts')).completion),
  },
]
