// Vercel's AI SDK, by its provider for compatible servers and by its own for OpenAI (chats and responses).
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, embedMany, generateText, Output, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';
import { BASE_URL, KEY, PNG, expect, run } from './report.mjs';

const compatible = createOpenAICompatible({ name: 'gateway', baseURL: BASE_URL, apiKey: KEY, includeUsage: true, supportsStructuredOutputs: true });
const openai = createOpenAI({ baseURL: BASE_URL, apiKey: KEY });
const providers = {
  compatible: (id) => compatible.chatModel(id),
  chat: (id) => openai.chat(id),
  responses: (id) => openai.responses(id),
};
const Maths = z.object({ answer: z.number().int(), why: z.string() });
const usage = (value) => ({ input: value.inputTokens, output: value.outputTokens, total: value.totalTokens });
const facts = (result) => ({ text: result.text, finish: result.finishReason, usage: usage(result.usage), warnings: result.warnings });
const outcome = (result) => result.response?.headers?.['x-token-saving-outcome'] ?? null;

const cases = {};
for (const [name, provider] of Object.entries(providers)) {
  const model = provider('gpt-4o-mini');
  const storing = name === 'responses' ? { providerOptions: { openai: { store: false } } } : {};
  const asked = { model, maxRetries: 0, ...storing };
  cases[`${name}_call`] = async () => {
    const result = await generateText({ ...asked, system: 'Be short.', prompt: `Hello from Vercel ${name}`, temperature: 0.3 });
    return [facts(result), outcome(result)];
  };
  cases[`${name}_stream`] = async () => {
    const result = streamText({ ...asked, prompt: `Stream from Vercel ${name}` });
    const kinds = new Set();
    let text = '';
    for await (const part of result.fullStream) {
      kinds.add(part.type);
      if (part.type === 'error') throw part.error;
      if (part.type === 'text-delta') text += part.text;
    }
    return [{ text, kinds: [...kinds].sort(), finish: await result.finishReason, usage: usage(await result.usage) }, outcome({ response: await result.response })];
  };
  cases[`${name}_tools`] = async () => {
    const given = [];
    const result = await generateText({
      ...asked,
      prompt: `Vercel ${name}: the weather in 'Bern' for 3 days`,
      stopWhen: stepCountIs(3),
      tools: {
        get_weather: tool({
          description: 'The weather of a city',
          inputSchema: z.object({ city: z.string(), days: z.number().int() }),
          execute: async (input) => { given.push(input); return { sky: 'clear' }; },
        }),
      },
    });
    expect(result.steps.length === 2 && given.length === 1);
    return [{ ...facts(result), given, steps: result.steps.map((step) => step.finishReason) }, outcome(result)];
  };
  cases[`${name}_tools_streamed`] = async () => {
    const result = streamText({
      ...asked,
      prompt: `Vercel ${name}, streamed: the weather in 'Thun' for 4 days, and the time`,
      tools: {
        get_weather: tool({ inputSchema: z.object({ city: z.string(), days: z.number().int() }) }),
        get_time: tool({ inputSchema: z.object({}) }),
      },
    });
    const calls = [];
    let deltas = '';
    for await (const part of result.fullStream) {
      if (part.type === 'error') throw part.error;
      if (part.type === 'tool-input-delta') deltas += part.delta;
      if (part.type === 'tool-call') calls.push([part.toolName, part.input]);
    }
    expect(calls.length === 2);
    return { calls, deltas, finish: await result.finishReason };
  };
  cases[`${name}_tool_forced`] = async () => {
    const result = await generateText({
      ...asked,
      prompt: `Vercel ${name}: hello, tool`,
      toolChoice: { type: 'tool', toolName: 'get_time' },
      tools: { get_time: tool({ inputSchema: z.object({ zone: z.enum(['UTC', 'CET']) }) }) },
    });
    return { calls: result.toolCalls.map((call) => [call.toolName, call.input]) };
  };
  cases[`${name}_structured`] = async () => {
    const result = await generateText({ ...asked, prompt: `Vercel ${name}: solve 4 + 5`, output: Output.object({ schema: Maths }) });
    expect(result.output.answer === 4);
    return [{ output: result.output, usage: usage(result.usage) }, outcome(result)];
  };
  cases[`${name}_structured_streamed`] = async () => {
    const result = streamText({ ...asked, prompt: `Vercel ${name}: solve 6 + 5 in a stream`, output: Output.object({ schema: Maths }) });
    let last;
    for await (const partial of result.partialOutputStream) last = partial;
    return { last };
  };
  cases[`${name}_image`] = async () => {
    const result = await generateText({
      ...asked,
      messages: [{ role: 'user', content: [
        { type: 'text', text: `Vercel ${name}: what is it?` },
        { type: 'image', image: Uint8Array.from(Buffer.from(PNG, 'base64')), mediaType: 'image/png' },
      ] }],
    });
    expect(result.text.includes('1 attachments'));
    return [facts(result), outcome(result)];
  };
  cases[`${name}_error`] = async () => {
    try {
      await generateText({ ...asked, model: provider('gpt-0-unknown'), prompt: 'Hello' });
    } catch (error) {
      expect(APICallError.isInstance(error));
      return { status: error.statusCode, message: error.message, retryable: error.isRetryable };
    }
    throw new Error('no error came');
  };
  cases[`${name}_aborted`] = async () => {
    const gone = new AbortController();
    const result = streamText({ ...asked, prompt: `Vercel ${name}: aborted`, abortSignal: gone.signal, onError: () => {} });
    for await (const part of result.fullStream) {
      if (part.type === 'text-delta') gone.abort();
    }
    const again = await generateText({ ...asked, prompt: `Vercel ${name}: after an abort` });
    return [facts(again), outcome(again)];
  };
}
cases.chat_logprobs = async () => {
  const result = await generateText({ model: openai.chat('gpt-4o-mini'), prompt: 'Vercel: how sure?', maxRetries: 0, providerOptions: { openai: { logprobs: 2 } } });
  expect(result.providerMetadata.openai.logprobs.length > 0);
  return [{ ...facts(result), logprobs: result.providerMetadata.openai.logprobs }, outcome(result)];
};
// The SDK has no n of its own: a field that it passes on
cases.compatible_n = async () => {
  const result = await generateText({ model: compatible.chatModel('gpt-4o-mini'), prompt: 'Vercel: two of them', maxRetries: 0, providerOptions: { gateway: { n: 2 } } });
  return [{ ...facts(result), choices: result.response.body.choices.length }, outcome(result)];
};
cases.chat_reasoning = async () => {
  const result = await generateText({ model: openai.chat('gpt-5-mini'), prompt: 'Vercel: think', maxRetries: 0, providerOptions: { openai: { reasoningEffort: 'low' } } });
  return [facts(result), outcome(result)];
};
cases.responses_reasoning = async () => {
  const result = await generateText({ model: openai.responses('gpt-5-mini'), prompt: 'Vercel: think about responses', maxRetries: 0, providerOptions: { openai: { store: false, reasoningEffort: 'low', reasoningSummary: 'auto' } } });
  expect(result.reasoningText.length > 0);
  return [{ ...facts(result), reasoning: result.reasoningText }, outcome(result)];
};
cases.responses_reasoning_and_tools = async () => {
  const result = await generateText({
    model: openai.responses('gpt-5-mini'),
    prompt: "Vercel: think about the weather in 'Bern' for 3 days, responses",
    maxRetries: 0,
    stopWhen: stepCountIs(3),
    providerOptions: { openai: { store: false, reasoningEffort: 'low', include: ['reasoning.encrypted_content'] } },
    tools: { get_weather: tool({ description: 'The weather of a city', inputSchema: z.object({ city: z.string(), days: z.number().int() }), execute: async () => ({ sky: 'clear' }) }) },
  });
  expect(result.steps.length === 2);
  return [facts(result), outcome(result)];
};
cases.responses_reasoning_streamed = async () => {
  const result = streamText({ model: openai.responses('gpt-5-mini'), prompt: 'Vercel: think about streamed responses', maxRetries: 0, providerOptions: { openai: { store: false, reasoningEffort: 'low', reasoningSummary: 'auto' } } });
  const kinds = new Set();
  let text = '';
  let reasoning = '';
  for await (const part of result.fullStream) {
    kinds.add(part.type);
    if (part.type === 'error') throw part.error;
    if (part.type === 'text-delta') text += part.text;
    if (part.type === 'reasoning-delta') reasoning += part.text;
  }
  return [{ text, reasoning, kinds: [...kinds].sort(), finish: await result.finishReason, usage: usage(await result.usage) }, outcome({ response: await result.response })];
};
// What the provider keeps is nobody else's
cases.responses_kept = async () => {
  const ask = () => generateText({ model: openai.responses('gpt-4o-mini'), prompt: 'Vercel: kept responses', maxRetries: 0, providerOptions: { openai: { store: true } } });
  const [first, second] = [await ask(), await ask()];
  expect(first.response.id !== second.response.id);
  return [facts(second), outcome(second)];
};
cases.embeddings = async () => {
  const result = await embedMany({ model: openai.embedding('text-embedding-3-small'), values: ['One', 'Two'], maxRetries: 0, providerOptions: { openai: { dimensions: 4 } } });
  return { embeddings: result.embeddings, usage: result.usage };
};

await run('vercel-ai', cases);
