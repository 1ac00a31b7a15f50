/** Tables, their built-in chains and where those stand in a packet's way. */
import type { Family } from './model.ts'

export const hooks = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'] as const
export type Hook = (typeof hooks)[number]

export const tableNames = ['filter', 'nat', 'mangle', 'raw', 'security'] as const
export type TableName = (typeof tableNames)[number]

/** The built-in chains of each table, in the order in which iptables-save prints them. */
const builtIn: Readonly<Record<TableName, readonly Hook[]>> = {
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  mangle: hooks,
  raw: ['PREROUTING', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
}

export function isTable(name: string): name is TableName {
  return Object.hasOwn(builtIn, name)
}

export function builtInChains(table: TableName): readonly Hook[] {
  return builtIn[table]
}

export function isBuiltIn(table: TableName, chain: string): boolean {
  return (builtIn[table] as readonly string[]).includes(chain)
}

/** The program of a family, for messages. */
export function programOf(family: Family): string {
  return family === 'ipv4' ? 'iptables' : 'ip6tables'
}
