import { defineCommand, type Options, type Values } from './command.ts'
import { parseListenAddress } from './serve/listen-address.ts'

const shown = 'What is shown'
const server = 'The server'

export const serveOptions = {
  rules: {
    kind: 'text',
    short: 'r',
    valueName: 'FILE',
    completes: 'files',
    group: shown,
    sentence: 'the rules that the captures go through, as replay takes them',
  },
  rules6: {
    kind: 'text',
    short: '6',
    valueName: 'FILE',
    completes: 'files',
    group: shown,
    sentence: 'the same for IPv6, of ip6tables',
  },
  port: {
    kind: 'number',
    minimum: 0,
    maximum: 65_535,
    default: 0,
    valueName: 'N',
    group: server,
    sentence: 'the TCP port to listen on; 0: any that is free',
  },
  listen: {
    kind: 'parsed',
    parse: parseListenAddress,
    valueName: 'ADDRESS[:PORT]',
    group: server,
    sentence:
      'the address of this machine to listen on, for browsers of other machines; 0.0.0.0 or :: for all of them (default 127.0.0.1)',
  },
} as const satisfies Options

export type ServeOptions = Values<typeof serveOptions>

export const serve = defineCommand({
  name: 'serve',
  summary: 'show captures in a page of the browser: connections, packets, the state table, the rules',
  usage: '[options] [FILE…]',
  positionals: [
    {
      name: 'FILE',
      sentence:
        'a capture, pcap or pcapng, gzip or not; several are merged by time. Without one, the page shows an example',
    },
  ],
  completes: { files: true, words: [] },
  options: serveOptions,
  notes: [
    'The engine runs in the browser, and nothing is uploaded. The server listens on 127.0.0.1 unless --listen tells otherwise, under an address that cannot be guessed, which is asked for everywhere; it serves the page and the files that were named, and ends with Ctrl-C. The page is one file, dist/page/sallyport.html of the package, which works without a server as well.',
  ],
  examples: [
    {
      line: 'sallyport serve trouble.pcapng -r rules.v4',
      sentence: 'a capture through rules; then open the address that is printed',
    },
    {
      line: 'sallyport serve trouble.pcapng --listen 192.0.2.1:8080',
      sentence: 'for a browser on another machine: not encrypted, so over a network that you trust',
    },
    { line: 'sallyport serve', sentence: 'the page with its example; drop a capture on it' },
  ],
  async run(options, files) {
    const { runServe } = await import('./serve/run.ts')
    return runServe(options, files)
  },
})
