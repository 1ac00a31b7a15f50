import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, Refusal } from '../ruleset/extension.ts'
import { UINT32_MAX } from '../ruleset/number.ts'

/** XT_BPF_MAX_NUM_INSTR. */
const MOST = 64

export interface BpfInstruction {
  readonly code: number
  readonly jumpTrue: number
  readonly jumpFalse: number
  readonly k: number
}

/** As `nfbpf_compile` and `tcpdump -ddd` print programs, commas for line ends. */
const program: Kind<readonly BpfInstruction[]> = {
  usage: 'PROGRAM',
  expected: `the number of instructions (up to ${MOST}), then each as CODE JT JF K, commas between`,
  examples: () => ['"1,6 0 0 1"', '"4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0"', '"1,6 0 0 4294967295,"'],
  words: 1,
  read([text]) {
    const [count, ...parts] = text!.split(',', MOST + 3)
    if (parts[parts.length - 1] === '') parts.pop()
    if (!/^\d{1,5}$/.test(count!) || Number(count) === 0 || Number(count) > MOST) {
      return new Refusal(`${shown(count!)} is no number of instructions from 1 to ${MOST}`)
    }
    if (parts.length !== Number(count)) {
      return new Refusal(`there are ${parts.length} instructions, where ${Number(count)} are announced`)
    }
    const list: BpfInstruction[] = []
    for (const part of parts) {
      const numbers = /^\s*(\d{1,5}) +(\d{1,3}) +(\d{1,3}) +(\d{1,10})$/.exec(part)?.slice(1).map(Number)
      const [code, jumpTrue, jumpFalse, k] = numbers ?? []
      if (k === undefined || code! > 0xffff || jumpTrue! > 255 || jumpFalse! > 255 || k > UINT32_MAX) {
        return new Refusal(`${shown(part)} is no instruction CODE JT JF K`)
      }
      list.push({ code: code!, jumpTrue: jumpTrue!, jumpFalse: jumpFalse!, k })
    }
    return list
  },
  print(list) {
    const parts = list.map(({ code, jumpTrue, jumpFalse, k }) => `${code} ${jumpTrue} ${jumpFalse} ${k}`)
    return `"${list.length},${parts.join(',')}"`
  },
}

export const bpf = defineMatch({
  name: 'bpf',
  summary: 'runs a filter of the classic Berkeley kind on the IP packet',
  options: {
    bytecode: option(program, {
      names: ['--bytecode'],
      summary: 'the program; anything but 0 is a match',
      required: true,
    }),
  },
})
