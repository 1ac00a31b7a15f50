/** Sallyport's engine: runs anywhere, in a browser as well. */
export { Filter, parseFilter } from './filter/filter.ts'
export { type FilterError, formatFilterError } from './filter/refusal.ts'
export type { PacketRecord, RecordEntry, RecordTuple } from './replay/record.ts'
