// OpenAI's Node SDK.
import OpenAI from 'openai';
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { BASE_URL, KEY, PNG, expect, run } from './report.mjs';

const client = new OpenAI({ baseURL: BASE_URL, apiKey: KEY, maxRetries: 0, timeout: 60_000 });
const model = 'gpt-4o-mini';
const user = (content) => [{ role: 'user', content }];
const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } }, required: ['city', 'days'] },
  },
};
const clock = { type: 'function', function: { name: 'get_time', parameters: { type: 'object', properties: {} } } };
const lookUp = { type: 'function', name: 'get_weather', description: 'The weather of a city', parameters: weather.function.parameters, strict: false };
const Maths = z.object({ answer: z.number().int(), steps: z.array(z.object({ explanation: z.string() })) });

async function chat(body) {
  const { data, response } = await client.chat.completions.create({ model, ...body }).withResponse();
  return [data, response.headers.get('x-token-saving-outcome')];
}

async function respond(body) {
  const { data, response } = await client.responses.create({ model, store: false, ...body }).withResponse();
  return [data, response.headers.get('x-token-saving-outcome')];
}

async function respondStreamed(body) {
  const { data, response } = await client.responses.create({ model, store: false, ...body, stream: true }).withResponse();
  const facts = { types: [], kinds: [], texts: {}, numbers: true, last: null };
  for await (const event of data) {
    facts.numbers &&= event.sequence_number === facts.types.length;
    facts.types.push(event.type);
    if (typeof event.delta === 'string') facts.texts[`${event.type} ${event.output_index}`] = (facts.texts[`${event.type} ${event.output_index}`] ?? '') + event.delta;
    facts.last = event.response ?? facts.last;
  }
  facts.kinds = [...new Set(facts.types)].sort();
  return [facts, response.headers.get('x-token-saving-outcome')];
}

async function stream(body) {
  const { data, response } = await client.chat.completions.create({ model, ...body, stream: true }).withResponse();
  const facts = { choices: {}, usage: null, frames: 0, frames_without_choices: 0, fingerprints: [] };
  for await (const chunk of data) {
    facts.frames++;
    facts.usage = chunk.usage ?? facts.usage;
    facts.frames_without_choices += chunk.choices.length ? 0 : 1;
    if (!facts.fingerprints.includes(chunk.system_fingerprint)) facts.fingerprints.push(chunk.system_fingerprint);
    for (const part of chunk.choices) {
      const choice = (facts.choices[part.index] ??= { content: '', finish: [], tools: [], logprobs: [] });
      choice.content += part.delta.content ?? '';
      if (part.finish_reason) choice.finish.push(part.finish_reason);
      for (const one of part.logprobs?.content ?? []) choice.logprobs.push([one.token, one.logprob]);
      for (const call of part.delta.tool_calls ?? []) {
        const tool = (choice.tools[call.index] ??= { id: '', name: '', arguments: '' });
        tool.id += call.id ?? '';
        tool.name += call.function?.name ?? '';
        tool.arguments += call.function?.arguments ?? '';
      }
    }
  }
  return [facts, response.headers.get('x-token-saving-outcome')];
}

async function failure(action) {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof OpenAI.APIError)) throw error;
    return { class: error.constructor.name, status: error.status, code: error.code, type: error.type, param: error.param, error: error.error };
  }
  throw new Error('no error came');
}

await run('openai-node', {
  call: () => chat({ messages: user('Hello from Node') }),
  call_of_unicode: () => chat({ messages: user('Grüße, 世界! 😀 \u2028 "end"') }),
  call_with_every_setting: () =>
    chat({ messages: user('All settings from Node'), temperature: 0.5, top_p: 0.8, seed: 3, stop: 'END', max_completion_tokens: 300, user: 'ann' }),
  stream_plain: async () => {
    const [facts, outcome] = await stream({ messages: user('Stream from Node') });
    expect(facts.usage === null && facts.frames_without_choices === 0);
    return [facts, outcome];
  },
  stream_with_usage: () => stream({ messages: user('Stream with usage from Node'), stream_options: { include_usage: true } }),
  stream_helper: async () => {
    const final = await client.chat.completions.stream({ model, messages: user('Helped stream from Node') }).finalChatCompletion();
    return final;
  },
  stream_aborted: async () => {
    const opened = await client.chat.completions.create({ model, messages: user('Aborted from Node'), stream: true });
    for await (const chunk of opened) {
      expect(chunk.choices.length === 1);
      opened.controller.abort();
      break;
    }
    return chat({ messages: user('After an abort from Node') });
  },
  several_choices: () => chat({ messages: user('Two from Node'), n: 2 }),
  several_choices_streamed: () => stream({ messages: user('Two from Node, streamed'), n: 2 }),
  logprobs: () => chat({ messages: user('Sure, Node?'), logprobs: true, top_logprobs: 2 }),
  logprobs_streamed: () => stream({ messages: user('Sure, Node, streamed?'), logprobs: true }),
  image: () =>
    chat({
      messages: user([
        { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}`, detail: 'high' } },
        { type: 'text', text: 'What is it, Node?' },
      ]),
    }),
  tools: async () => {
    const [facts, outcome] = await chat({ messages: user("The weather in 'Bern' for 3 days, and the time"), tools: [weather, clock] });
    expect(facts.choices[0].message.tool_calls.length === 2);
    return [facts, outcome];
  },
  tools_streamed: () => stream({ messages: user("Stream the weather in 'Bern' for 2 days, and the time"), tools: [weather, clock] }),
  tool_runner: async () => {
    const asked = [];
    const runner = client.chat.completions.runTools({
      model,
      messages: user("The weather in 'Brig' for 6 days"),
      tools: [{ type: 'function', function: { ...weather.function, parse: JSON.parse, function: (given) => { asked.push(given); return 'sun'; } } }],
    });
    return { text: await runner.finalContent(), asked };
  },
  structured_output: async () => {
    const answer = await client.chat.completions.parse({ model, messages: user('Solve 8 + 7 in Node'), response_format: zodResponseFormat(Maths, 'maths') });
    expect(answer.choices[0].message.parsed.answer === 8);
    return answer.choices[0].message;
  },
  embedding: async () => {
    const made = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'Hello from Node', dimensions: 6 });
    expect(made.data[0].embedding.length === 6);
    return made;
  },
  models: async () => {
    const ids = [];
    for await (const one of client.models.list()) ids.push(one.id);
    return { found: ids.includes(model) };
  },
  response: () => respond({ input: 'Responses from Node', instructions: 'Be short.' }),
  response_that_is_kept: async () => {
    const [first] = await respond({ input: 'Kept responses from Node', store: true });
    const [second, outcome] = await respond({ input: 'Kept responses from Node', store: true });
    expect(first.id !== second.id);
    return [{ first, second }, outcome];
  },
  response_streamed: () => respondStreamed({ input: 'Streamed responses from Node' }),
  response_stream_helper: async () => {
    const helper = client.responses.stream({ model, input: 'Helped responses from Node', store: false });
    const kinds = new Set();
    for await (const event of helper) kinds.add(event.type);
    return { kinds: [...kinds].sort(), final: await helper.finalResponse() };
  },
  response_aborted: async () => {
    const opened = await client.responses.create({ model, input: 'Aborted responses from Node', stream: true, store: false });
    for await (const event of opened) {
      expect(event.type === 'response.created');
      opened.controller.abort();
      break;
    }
    return respond({ input: 'Responses after an abort from Node' });
  },
  response_with_tools: async () => {
    const input = [{ role: 'user', content: "Node: the weather in 'Visp' for 6 days" }];
    const [first] = await respond({ input, tools: [lookUp] });
    input.push(...first.output, ...first.output.map((made) => ({ type: 'function_call_output', call_id: made.call_id, output: 'sun' })));
    const [second, outcome] = await respond({ input, tools: [lookUp] });
    expect(second.output_text.includes('after a tool'));
    return [{ first, second }, outcome];
  },
  response_with_tools_streamed: () => respondStreamed({ input: "Node streams the weather in 'Bern' for 2 days", tools: [lookUp] }),
  response_of_a_reasoner: () =>
    respondStreamed({ model: 'gpt-5-mini', input: 'Thoughtful responses from Node', reasoning: { effort: 'low', summary: 'auto' }, include: ['reasoning.encrypted_content'] }),
  response_structured: async () => {
    const made = await client.responses.parse({ model, input: 'Solve 6 + 7 in Node', text: { format: zodTextFormat(Maths, 'maths') }, store: false });
    return made.output_parsed;
  },
  error_of_a_response: () => failure(() => respond({ input: 'Hello', no_such_field: 1 })),
  error_of_a_streamed_response: () => failure(() => respondStreamed({ model: 'gpt-0-unknown', input: 'Hello' })),
  error_of_an_unknown_model: () => failure(() => chat({ model: 'gpt-0-unknown', messages: user('Hello') })),
  error_of_an_unknown_field: () => failure(() => chat({ messages: user('Hello'), no_such_field: 1 })),
  error_of_no_messages: () => failure(() => chat({ messages: [] })),
  error_of_a_stream: () => failure(() => stream({ model: 'gpt-0-unknown', messages: user('Hello') })),
});
