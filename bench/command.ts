/** The whole command, from its built form: a file of ten million packets, and a small one. */
import { spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atLeast, atMost, cpuNanoseconds, median, type Row, speed } from './measure.ts'
import { makeTracker, Stream } from './stream.ts'
import { Traffic } from './traffic.ts'

const COMMAND = join(process.cwd(), 'dist', 'cli.js')
const PACKETS = 10_000_000
const JSON_PACKETS = 1_000_000
const CONNECTIONS = 1_000
const CHUNK_RECORDS = 50_000
const ROUNDS = 3
const START_ROUNDS = 15
const SMALL = 10

export function hasCommand(): boolean {
  return existsSync(COMMAND)
}

export async function measureCommand(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  try {
    const file = join(folder, 'traffic.pcap')
    const part = join(folder, 'part.pcap')
    writeCapture(file, PACKETS)
    writeCapture(part, JSON_PACKETS)
    const tracking: number[] = []
    const whole: number[] = []
    const ratios: number[] = []
    const json: number[] = []
    let peak = 0
    let smallPeak = 0
    for (let round = 0; round < ROUNDS; round++) {
      const itself = (await track(PACKETS)) / PACKETS
      const run = await runCommand(['replay', file])
      const small = await runCommand(['replay', part])
      const lines = await runCommand(['replay', '--json', part])
      tracking.push(itself)
      whole.push(run.cpu / PACKETS)
      ratios.push(run.cpu / PACKETS / itself)
      json.push(JSON_PACKETS / (lines.cpu / 1e9))
      peak = Math.max(peak, run.peak)
      smallPeak = Math.max(smallPeak, small.peak)
    }
    return [
      speed('tracking itself, 10,000,000 packets from memory', median(tracking)),
      speed('sallyport replay FILE, the same packets', median(whole)),
      atMost('whole command : tracking itself', median(ratios), 1.3, ' x', 2),
      atLeast('sallyport replay --json FILE', median(json), 300_000, '/s'),
      atMost('peak memory, 10,000,000 packets : 1,000,000', peak / smallPeak, 1.1, ' x', 2),
      atMost('peak memory, 10,000,000 packets', peak / 1024, null, ' MiB', 0),
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export async function measureStart(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  try {
    const file = join(folder, 'ten.pcap')
    const empty = join(folder, 'empty.js')
    writeCapture(file, SMALL)
    writeFileSync(empty, '')
    const bare: number[] = []
    const own: number[] = []
    for (let round = 0; round < START_ROUNDS; round++) {
      bare.push((await run(process.execPath, [empty])).cpu)
      own.push((await runCommand(['replay', file])).cpu)
    }
    return [
      atMost('start: bare node', median(bare) / 1e6, null, ' ms'),
      atMost('start: sallyport replay of ten packets', median(own) / 1e6, null, ' ms'),
      atMost('start: sallyport : bare node', median(own) / median(bare), 2.5, ' x', 2),
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function writeCapture(path: string, packets: number): void {
  const traffic = new Traffic({ connections: CONNECTIONS })
  const chunk = new Uint8Array(traffic.recordLength * CHUNK_RECORDS)
  const file = openSync(path, 'w')
  writeSync(file, Traffic.fileHeader())
  for (let left = packets; left > 0; left -= CHUNK_RECORDS) {
    traffic.fill(chunk)
    writeSync(file, chunk.subarray(0, traffic.recordLength * Math.min(left, CHUNK_RECORDS)))
  }
  closeSync(file)
}

/** Processor time of the replay alone, in nanoseconds: the same packets with the command's own settings. */
async function track(packets: number): Promise<number> {
  const traffic = new Traffic({ connections: CONNECTIONS })
  // Smaller than the chunks elsewhere: making the packets is not timed.
  const chunk = new Uint8Array(traffic.recordLength * 500_000)
  const stream = await Stream.open(makeTracker())
  let time = 0
  for (let made = 0; made < packets; ) {
    made += traffic.fill(chunk)
    const start = cpuNanoseconds()
    await stream.run(chunk)
    time += cpuNanoseconds() - start
  }
  await stream.end()
  return time
}

interface Finished {
  /** User and system time in nanoseconds, start-up included. */
  readonly cpu: number
  /** Largest resident set in KiB. */
  readonly peak: number
}

function runCommand(words: readonly string[]): Promise<Finished> {
  return run(process.execPath, [COMMAND, ...words])
}

/** Asks a shell for the times: a parent sees its children's processor time there. */
async function run(program: string, words: readonly string[]): Promise<Finished> {
  const script = '"$@" > /dev/null; code=$?; times; exit $code'
  const child = spawn('bash', ['-c', script, 'bash', program, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  let peak = 0
  child.stdout.setEncoding('utf8').on('data', (data: string) => {
    text += data
  })
  const watch = setInterval(() => {
    peak = Math.max(peak, peakOfChild(child.pid!))
  }, 100)
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  clearInterval(watch)
  if (code !== 0) throw new Error(`${program} ${words.join(' ')}: exit code ${code}`)
  return { cpu: secondsOf(text) * 1e9, peak }
}

/** The last line of `times`: user and system time of the children, as `0m1.234s 0m0.056s`. */
function secondsOf(text: string): number {
  const [, last = ''] = text.trim().split('\n').slice(-2)
  return [...last.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, m, s]) => sum + Number(m) * 60 + Number(s), 0)
}

/** VmHWM of the shell's child in KiB, 0 where it cannot be read. */
function peakOfChild(shell: number): number {
  try {
    const pid = readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim()
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}
