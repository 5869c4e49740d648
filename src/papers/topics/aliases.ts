/**
 * Other names of topics, each line `topic: other name, other name`, as slugs without plural. A topic may be a field.
 * Half of the abbreviations were mined from "long form (ABBR)" in abstracts of 2025-04 to 2026-03 whose initials agree, then read.
 * Left out there: "tts", which abstracts use for text-to-speech and test-time scaling alike.
 */
const TABLE = `
3d-gaussian-splatting: gaussian-splatting, 3dgs, 3d-gs, 4d-gaussian-splatting, gaussian-splat, 3d-gaussian, gaussian-primitive
3d-reconstruction: 3d-scene-reconstruction, scene-reconstruction
agent-memory: agentic-memory, memory-management, memory-system, long-term-memory, episodic-memory, persistent-memory, llm-agent-memory
agents: agent, ai-agent, autonomous-agent, llm-agent, language-agent, language-model-agent, agentic-ai, agentic-system, agentic-capability, agentic-framework, agentic-task, intelligent-agent
agentic-reinforcement-learning: agentic-rl, agent-reinforcement-learning, agent-rl
artificial-general-intelligence: agi
automatic-speech-recognition: asr, speech-recognition
autonomous-driving: self-driving, self-driving-car, autonomous-vehicle, end-to-end-autonomous-driving, end-to-end-driving
autoregressive-generation: autoregressive-model, autoregressive-modeling, autoregressive, autoregressive-framework, autoregressive-generative-model
benchmarks-and-evaluation: benchmark, evaluation, evaluation-metric, evaluation-framework, evaluation-benchmark, comprehensive-benchmark, benchmarking, llm-evaluation, evaluation-protocol
chain-of-thought: cot, chain-of-thought-reasoning, cot-reasoning, chain-of-thought-prompting, cot-prompting, chain-of-thought-cot, step-by-step-reasoning, reasoning-trace, reasoning-chain, reasoning-trajectory, reasoning-path, reasoning-step, cot-trace, chain-of-thoughts, chains-of-thought
chart-understanding: chart-reasoning, chart-question-answering
classifier-free-guidance: cfg
code-generation: code-synthesis, program-synthesis
compression: model-compression
computer-use-agents: computer-use-agent, computer-using-agent, computer-use, cua
continual-learning: lifelong-learning, continual-learning-method
context-engineering: context-management
contrastive-learning: contrastive-loss, contrastive-training
data-selection: data-filtering, data-curation, data-curation-pipeline
datasets: dataset, benchmark-dataset, training-data, large-scale-dataset, high-quality-dataset, training-dataset
deep-research: deep-research-agent, deep-research-system, dra, deep-search, deep-search-agent, search-agent, agentic-search, agentic-deep-research
diffusion-language-models: diffusion-language-model, diffusion-llm, dllm, dlm, masked-diffusion-language-model, mdlm, masked-diffusion-model, discrete-diffusion-language-model, diffusion-based-llm, diffusion-based-language-model, masked-diffusion-llm
diffusion-models: diffusion, diffusion-model, diffusion-based-model, denoising-diffusion-model
diffusion-transformers: diffusion-transformer, dit, dit-model, mm-dit, diffusion-transformer-model, multimodal-diffusion-transformer, dit-architecture, diffusion-transformer-dit
direct-preference-optimization: dpo
documents-and-ocr: ocr, optical-character-recognition
document-parsing: document-understanding
efficiency: computational-efficiency, inference-efficiency, training-efficiency, token-efficiency
embodied-ai: embodied-agent, embodied-intelligence, embodied-artificial-intelligence
fine-tuning: fine-tuned-model
flow-matching: flow-matching-model, flow-matching-objective, rectified-flow, flow-based-model, flow-model, conditional-flow-matching, flow-based-generative-model
games: game
generative-adversarial-networks: gan, generative-adversarial-network
generative-models: generative-model, generative-modeling, deep-generative-model
gpu-kernels: gpu-kernel, kernel-generation, cuda-kernel, kernel-optimization, kernelbench
graph-neural-networks: gnn, graph-neural-network
graphical-interfaces: gui, gui-agent, gui-agent-model, gui-automation, graphical-user-interface, web-agent, mobile-agent, mobile-gui-agent
group-relative-policy-optimization: grpo, grpo-algorithm, grpo-training, group-relative-policy-optimization-grpo
gui-grounding: ui-grounding
hallucination-and-factuality: hallucination, factuality, hallucination-reduction, hallucination-mitigation, hallucination-detection, factual-consistency, factual-accuracy
human-feedback: human-preference, preference-alignment, human-preference-alignment, preference-data
image-editing: image-edit, instruction-based-image-editing, text-guided-image-editing
image-generation: text-to-image, text-to-image-generation, t2i, text-to-image-model, text-to-image-diffusion-model, text-to-image-diffusion, t2i-generation, t2i-model, image-synthesis, visual-generation, text-to-image-synthesis, autoregressive-image-generation, text-to-image-t2i-generation
imitation-learning: behavior-cloning, behavioral-cloning
in-context-learning: icl
inference-and-serving: llm-serving, llm-inference, inference-acceleration, inference-speedup, inference-optimization, inference-latency, inference-speed, inference-throughput, inference-cost
instruction-following: instruction-following-task
interpretability: mechanistic-interpretability, explainability, explainable-ai, model-interpretability
knowledge-distillation: distillation, model-distillation, distillation-method
knowledge-graphs: knowledge-graph
kv-cache: key-value-cache, kv-cache-compression, kv-cache-management, kv-cache-optimization, kv-caching
language-models: llm, language-model, large-language-model, language-modeling, autoregressive-llm, autoregressive-language-model, open-source-llm, pre-trained-language-model, causal-language-modeling
latent-diffusion: latent-diffusion-model, ldm
latent-reasoning: latent-thought, latent-space-reasoning, implicit-reasoning, continuous-reasoning, latent-chain-of-thought
linear-attention: linear-attention-model
llm-as-a-judge: llm-judge, llm-as-judge, llm-as-a-judge-evaluation, mllm-as-a-judge, mllm-as-judge, vlm-as-judge, vlm-as-a-judge
long-context: long-context-understanding, long-context-modeling, long-context-reasoning, long-context-inference, context-length, context-window, long-context-llm, long-context-language-model, long-context-processing
low-rank-adaptation: lora, low-rank-adapter, lora-adapter
mathematics-with-ai: ai-for-mathematics, mathematics
mathematical-reasoning: math-reasoning, math, mathematical-problem-solving, math-problem, mathematical-reasoning-benchmark, mathematical-benchmark, math-problem-solving
medical-imaging: medical-image-segmentation, medical-image-analysis, medical-image
mixture-of-experts: moe, mixture-of-expert, mixture-of-experts-architecture, mixture-of-expert-architecture, moe-architecture, moe-model, mixture-of-expert-model, mixture-of-experts-moe
model-context-protocol: mcp, mcp-server
monte-carlo-tree-search: mcts
multi-agent-systems: multi-agent-system, multi-agent, multi-agent-framework, multi-agent-collaboration, multi-agent-llm, multi-agent-architecture, llm-based-multi-agent-system, multi-agent-llm-system, mas
multi-agent-reinforcement-learning: marl
multi-token-prediction: mtp
multilingual: multilingual-model, multilingual-llm, multilinguality, cross-lingual, multilingual-language-model
multimodal-models: mllm, lmm, vlm, lvlm, multimodal-model, multimodal-llm, large-multimodal-model, multimodal-language-model, multimodal-foundation-model, vision-language-model, large-vision-language-model, multimodal, multimodal-learning, multimodal-understanding, multimodal-system, omni-model, omni-modal-model, omni-modal-llm, vision-language, visual-language-model
multimodal-reasoning: multimodal-large-reasoning-model, multimodal-reasoning-model, cross-modal-reasoning
neural-radiance-fields: nerf, neural-radiance-field
novel-view-synthesis: view-synthesis, nvs
on-policy-distillation: opd
out-of-distribution-generalization: ood-generalization, out-of-distribution, out-of-distribution-performance, ood
parameter-efficient-fine-tuning: peft, parameter-efficient, parameter-efficiency, parameter-efficient-adaptation
personalization: personalized-generation
post-training: llm-post-training
post-training-quantization: ptq
pre-training: pre-train, pre-training-data, llm-pre-training, language-model-pre-training, pre-trained-model
process-reward-models: process-reward-model, prm, process-reward, process-supervision
prompt-engineering: prompt-optimization, prompting, prompt-design
proximal-policy-optimization: ppo
quantization: model-quantization, low-bit-quantization, weight-quantization
reasoning: reasoning-capability, reasoning-ability, llm-reasoning, deep-reasoning, complex-reasoning, reasoning-model, large-reasoning-model, lrm, multi-step-reasoning, reasoning-task, reasoning-llm, reasoning-language-model, reasoner, complex-reasoning-task, reasoning-performance, reasoning-process, long-chain-of-thought
recommendation: recommender-system, recommendation-system, sequential-recommendation
recurrent-neural-networks: recurrent-neural-network, rnn
convolutional-neural-networks: convolutional-neural-network, cnn
red-teaming: red-team
reinforcement-learning: rl, reinforcement-learning-rl, deep-reinforcement-learning, reinforcement-fine-tuning, rft, rl-training, online-reinforcement-learning, online-rl, rl-fine-tuning, reinforcement-learning-training, rl-post-training, policy-optimization, policy-gradient, policy-learning, policy-gradient-method
reinforcement-learning-from-human-feedback: rlhf
reinforcement-learning-with-verifiable-rewards: rlvr, reinforcement-learning-with-verifiable-reward, reinforcement-learning-from-verifiable-reward, verifiable-reward, reinforcement-learning-with-verifiable-reward-rlvr, rl-with-verifiable-reward
representation-learning: visual-representation-learning
retrieval-augmented-generation: rag, retrieval-augmentation, rag-system, agentic-rag, agentic-retrieval-augmented-generation
retrieval-and-search: information-retrieval, retrieval, web-search, search-engine
reward-models: reward-model, reward-modeling, generative-reward-model, rm, reward-model-training, multimodal-reward-model
robotic-manipulation: robot-manipulation, robotic-manipulation-task, manipulation
robotics: robot-learning, robotic, robot-policy
safety-and-alignment: safety, alignment, safety-alignment, ai-safety, llm-safety, value-alignment, ai-alignment, human-value, llm-alignment
scaling-laws: scaling-law, neural-scaling-law
science-with-ai: ai-for-science, scientific-discovery, autonomous-scientific-discovery, ai-scientist
segmentation: semantic-segmentation, image-segmentation
self-improvement: self-evolution, self-evolving-agent, self-evolving, self-improving-agent
self-reflection: self-correction, reflection, self-critique, self-verification
small-language-models: small-language-model, slm
software-engineering: software-engineering-agent, software-engineering-task, swe, swe-agent
sparse-attention: sparse-attention-mechanism, native-sparse-attention, block-sparse-attention, trainable-sparse-attention, dynamic-sparse-attention
sparse-autoencoders: sparse-autoencoder, sae
spatial-reasoning: spatial-intelligence, spatial-understanding, visual-spatial-reasoning, spatial-cognition, visuospatial-reasoning
speculative-decoding: speculative-sampling
speech-synthesis: text-to-speech, text-to-speech-synthesis, speech-generation, zero-shot-text-to-speech
state-space-models: state-space-model, ssm, mamba
steering-vectors: steering-vector, activation-steering
subject-driven-generation: subject-consistency, identity-preservation
supervised-fine-tuning: sft, supervised-fine-tuning-sft
synthetic-data: synthetic-data-generation, synthetic-dataset, data-synthesis, data-generation, synthetic-training-data, data-synthesis-pipeline
test-time-scaling: inference-time-scaling, test-time-compute, inference-time-compute, test-time-computation, parallel-test-time-scaling, test-time-compute-scaling, parallel-thinking
test-time-training: ttt
test-time-reinforcement-learning: ttrl
tokenization: tokenizer
tool-use: tool-calling, tool-call, function-calling, tool-learning, tool-usage, tool-invocation, tool-using-agent, tool-integrated-reasoning, tir, tool-integration, tool-augmented-reasoning, external-tool
architectures: transformer, transformer-architecture, transformer-model, transformer-based-model
training: model-training, llm-training
uncertainty-estimation: uncertainty-quantification
unified-multimodal-models: unified-multimodal-model, umm, unified-model, unified-multimodal-understanding-and-generation, unified-multimodal
variational-autoencoders: vae, variational-autoencoder, variational-auto-encoder
video-generation: video-generation-model, video-generative-model, video-diffusion-model, video-diffusion, text-to-video, text-to-video-generation, t2v, video-synthesis, text-to-video-model, image-to-video, image-to-video-generation, i2v, video-diffusion-transformer, text-to-video-diffusion-model
video-understanding: egocentric-video-understanding, long-video-understanding, video-llm, video-mllm, video-reasoning, long-form-video-understanding, video-question-answering, videoqa
vision-language-action-models: vla, vision-language-action, vision-language-action-model, vla-model, vision-language-action-vla-model
vision-language-navigation: vision-and-language-navigation, vln
vision-transformers: vision-transformer, vit
visual-question-answering: vqa
visual-reasoning: visual-reasoning-task, thinking-with-image
vibe-coding: vibe-code
world-models: world-model, world-modeling, video-world-model, interactive-world-model, world-simulation, generative-world-model, action-conditioned-world-model
`

/** Canonical slug by other name. */
export const ALIASES: readonly (readonly [other: string, topic: string])[] = TABLE.trim()
  .split('\n')
  .flatMap((line) => {
    const [topic, others] = line.split(': ') as [string, string]
    return others.split(', ').map((other) => [other, topic] as const)
  })

/** Inside a longer keyword these words become the abbreviation: "multimodal large language model agent" → "mllm-agent". */
export const ABBREVIATED: readonly (readonly [RegExp, string])[] = (
  [
    ['multimodal-large-language-model', 'mllm'],
    ['large-language-model', 'llm'],
    ['(?:large-)?vision-language-model|lvlm', 'vlm'],
    ['diffusion-llm', 'dllm'],
    ['multimodal-llm|large-multimodal-model', 'mllm'],
    ['llm-based', 'llm'],
    ['reinforcement-learning', 'rl'],
    ['(?:group-relative-policy-optimization)(?=-.)', 'grpo'],
    ['key-value-cache', 'kv-cache'],
  ] as const
).map(([words, short]) => [new RegExp(`(?<![^-])(?:${words})(?![^-])`, 'g'), short])

/** Spellings of one word, and plurals of abbreviations inside a keyword. */
export const SPELLINGS: readonly (readonly [RegExp, string])[] = (
  [
    ['multi-modal', 'multimodal'],
    ['multi-lingual', 'multilingual'],
    ['cross-modality', 'cross-modal'],
    ['pretraining', 'pre-training'],
    ['pretrained', 'pre-trained'],
    ['posttraining', 'post-training'],
    ['midtraining', 'mid-training'],
    ['finetuning', 'fine-tuning'],
    ['finetuned', 'fine-tuned'],
    ['data-set', 'dataset'],
    ['modelling', 'modeling'],
    ['optimisation', 'optimization'],
    ['generalisation', 'generalization'],
    ['tokenisation', 'tokenization'],
    ['quantisation', 'quantization'],
    ['personalisation', 'personalization'],
    ['summarisation', 'summarization'],
    ['superresolution', 'super-resolution'],
    ['large-reasoning-language-model', 'large-reasoning-model'],
    ['language-models', 'language-model'],
    ['llms', 'llm'],
    ['mllms', 'mllm'],
    ['vlms', 'vlm'],
    ['mixture-of-experts', 'mixture-of-expert'],
  ] as const
).map(([words, one]) => [new RegExp(`(?<![^-])(?:${words})(?![^-])`, 'g'), one])
