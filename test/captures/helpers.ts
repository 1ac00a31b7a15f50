/** Control connections and the connections that they announce. */
import { CLIENT, CLIENT6, SERVER, SERVER6, Story } from './story.ts'

/** A dialogue on a control connection: sequence numbers count on by themselves. */
class Dialogue {
  readonly #flow
  #client = 101
  #server = 501

  constructor(story: Story, port: number, ends: { client?: string; server?: string } = {}) {
    this.#flow = story.tcp(port, 21, ends)
    this.#flow.open(100, 500)
  }

  /** From the client, acknowledged: with data outstanding the entry would be gone after 300 s. */
  says(line: string): void {
    this.#flow.out('PA', this.#client, this.#server, { payload: line })
    this.#client += line.length
    this.#flow.back('A', this.#server, this.#client)
  }

  answers(line: string): void {
    this.#flow.back('PA', this.#server, this.#client, { payload: line })
    this.#server += line.length
    this.#flow.out('A', this.#client, this.#server)
  }
}

/** Active, passive, both extended; a data connection that comes too late, and a command cut in two. */
export function ftp(): Story {
  const story = new Story()
  const control = new Dialogue(story, 40_000)
  control.answers('220 ready\r\n')
  control.says('USER anonymous\r\n')
  control.answers('230 in\r\n')
  control.says('PORT 10,0,0,2,160,1\r\n')
  const active = story.tcp(20, 40_961, { client: SERVER, server: CLIENT })
  active.open(1, 1)
  control.answers('200 ok\r\n')
  control.says('PASV\r\n')
  control.answers('227 Entering Passive Mode (192,0,2,9,195,80)\r\n')
  story.tcp(40_001, 50_000).out('S', 1)
  control.says('EPSV\r\n')
  control.answers('229 Extended (|||50001|)\r\n')
  story.wait(301)
  story.tcp(40_002, 50_001).out('S', 1)
  // Somebody else's address: no expectation, the command passes.
  control.says('PORT 10,0,0,3,160,2\r\n')
  control.answers('200 ok\r\n')
  control.says('PORT 10,0,0,2')
  const control6 = new Dialogue(story, 40_010, { client: CLIENT6, server: SERVER6 })
  control6.answers('220 ready\r\n')
  control6.says('USER anonymous\r\n')
  control6.says(`EPRT |2|${CLIENT6}|40963|\r\n`)
  story.tcp(20, 40_963, { client: SERVER6, server: CLIENT6 }).out('S', 1)
  return story
}

/** The server answers from a port of its own. */
export function tftp(): Story {
  const story = new Story()
  const out = { source: CLIENT, destination: SERVER }
  const back = { source: SERVER, destination: CLIENT }
  const request = Buffer.from('\0\u0001file\0octet\0', 'latin1')
  story.send({ ...out, udp: { sourcePort: 40_000, destinationPort: 69, payload: request } })
  story.send({ ...back, udp: { sourcePort: 50_000, destinationPort: 40_000, payload: [0, 3, 0, 1, 1] } })
  story.send({ ...out, udp: { sourcePort: 40_000, destinationPort: 50_000, payload: [0, 4, 0, 1] } })
  return story
}
