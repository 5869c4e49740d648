-- One slug per topic. Earlier versions had several: "sft" and "supervised-fine-tuning" were two topics, and a follower of one
-- missed the other's papers. Links with old slugs are redirected by canonicalSlug (src/papers/topics/keywords.ts).

-- The version of the rules that made `topics`. Workers give papers of older versions their topics again, some 10,000 a minute.
-- A constant default needs no rewrite. The index finds those papers without a scan of the table.
ALTER TABLE papers ADD COLUMN topic_rules smallint NOT NULL DEFAULT 0;
CREATE INDEX papers_topic_rules ON papers (topic_rules, id);

-- How sources write each keyword topic. The most frequent spelling is its name; all of them are searched.
CREATE TABLE topic_spellings (
  slug     text NOT NULL,
  spelling text NOT NULL,
  papers   integer NOT NULL,
  CONSTRAINT one_count_per_spelling PRIMARY KEY (slug, spelling)
);

-- Old slugs by their topic: fields with another name, abbreviations, variants, and plurals cut wrongly ("capabilitie").
-- Found in the keywords of 2025-04 to 2026-04: slugs of two papers or more.
CREATE TEMPORARY TABLE renamed ON COMMIT DROP AS
SELECT topic, unnest(string_to_array(olds, ' ')) AS old FROM (VALUES
  ('1-bit-llm', '1-bit-large-language-model'),
  ('3d-gaussian-splatting', '3d-gaussian 3d-gs 3dgs 4d-gaussian-splatting gaussian-primitive gaussian-splat gaussian-splatting'),
  ('3d-point-trajectory', '3d-point-trajectorie'),
  ('3d-reconstruction', '3d-scene-reconstruction scene-reconstruction'),
  ('agent-memory', 'agentic-memory episodic-memory llm-agent-memory long-term-memory memory-management memory-system persistent-memory'),
  ('agentic-reinforcement-learning', 'agent-reinforcement-learning agent-rl agentic-rl'),
  ('agents', 'agent agentic-ai agentic-capabilitie agentic-capability agentic-framework agentic-system agentic-task ai-agent autonomous-agent intelligent-agent language-agent language-model-agent large-language-model-agent llm-agent llm-based-agent'),
  ('architectures', 'transformer transformer-architecture transformer-based-model transformer-model'),
  ('artificial-general-intelligence', 'agi'),
  ('asynchronous-rl', 'asynchronous-reinforcement-learning'),
  ('attention-matrix', 'attention-matrice'),
  ('automated-evaluation', 'automated-evaluation-system'),
  ('automatic-speech-recognition', 'asr speech-recognition'),
  ('autonomous-driving', 'autonomous-vehicle end-to-end-autonomous-driving end-to-end-driving self-driving self-driving-car'),
  ('autoregressive-generation', 'autoregressive autoregressive-framework autoregressive-generative-model autoregressive-model autoregressive-modeling'),
  ('autoregressive-video-diffusion', 'autoregressive-video-diffusion-model'),
  ('benchmarks-and-evaluation', 'benchmark benchmarking comprehensive-benchmark evaluation evaluation-benchmark evaluation-framework evaluation-metric evaluation-metrics evaluation-protocol llm-evaluation'),
  ('chain-of-thought', 'chain-of-thought-cot chain-of-thought-prompting chain-of-thought-reasoning chain-of-thoughts chains-of-thought cot cot-prompting cot-reasoning cot-trace reasoning-chain reasoning-path reasoning-step reasoning-trace reasoning-trajectorie reasoning-trajectory step-by-step-reasoning'),
  ('chart-understanding', 'chart-question-answering chart-reasoning'),
  ('classifier-free-guidance', 'cfg'),
  ('code-evaluation', 'code-evaluation-benchmark'),
  ('code-generation', 'code-synthesis program-synthesis'),
  ('cognitive-bias', 'cognitive-biase'),
  ('compression', 'model-compression'),
  ('computer-use-agents', 'computer-use computer-use-agent computer-using-agent cua'),
  ('context-engineering', 'context-management'),
  ('continual-learning', 'continual-learning-method lifelong-learning'),
  ('contrastive-learning', 'contrastive-loss contrastive-training'),
  ('conversational-capability', 'conversational-capabilitie'),
  ('convolutional-neural-networks', 'cnn convolutional-neural-network'),
  ('curriculum-rl', 'curriculum-reinforcement-learning'),
  ('data-construction', 'data-construction-pipeline'),
  ('data-selection', 'data-curation data-curation-pipeline data-filtering'),
  ('datasets', 'benchmark-dataset dataset high-quality-dataset large-scale-dataset training-data training-dataset'),
  ('deep-research', 'agentic-deep-research agentic-search deep-research-agent deep-research-system deep-search deep-search-agent dra search-agent'),
  ('diffusion-language-models', 'diffusion-based-language-model diffusion-based-llm diffusion-language-model diffusion-large-language-model diffusion-llm discrete-diffusion-language-model dllm dlm masked-diffusion-language-model masked-diffusion-llm masked-diffusion-model mdlm'),
  ('diffusion-models', 'denoising-diffusion-model diffusion diffusion-based-model diffusion-model'),
  ('diffusion-policy', 'diffusion-policie'),
  ('diffusion-transformers', 'diffusion-transformer diffusion-transformer-dit diffusion-transformer-model dit dit-architecture dit-model mm-dit multi-modal-diffusion-transformer multimodal-diffusion-transformer'),
  ('direct-preference-optimization', 'dpo'),
  ('discrete-diffusion', 'discrete-diffusion-model'),
  ('document-parsing', 'document-understanding'),
  ('documents-and-ocr', 'ocr optical-character-recognition'),
  ('efficiency', 'computational-efficiency inference-efficiency token-efficiency training-efficiency'),
  ('embodied-ai', 'embodied-agent embodied-artificial-intelligence embodied-intelligence'),
  ('execution-trajectory', 'execution-trajectorie'),
  ('expert-trajectory', 'expert-trajectorie'),
  ('fine-tuning', 'fine-tuned-model finetuning'),
  ('flow-matching', 'conditional-flow-matching flow-based-generative-model flow-based-model flow-matching-model flow-matching-objective flow-model rectified-flow'),
  ('games', 'game games-and-play'),
  ('gaussian-process', 'gaussian-processe'),
  ('generalization-capability', 'generalization-capabilitie'),
  ('generative-adversarial-networks', 'gan generative-adversarial-network'),
  ('generative-models', 'deep-generative-model generative-model generative-modeling'),
  ('gpu-kernels', 'cuda-kernel gpu-kernel kernel-generation kernel-optimization kernelbench'),
  ('graph-neural-networks', 'gnn graph-neural-network'),
  ('graphical-interfaces', 'graphical-user-interface gui gui-agent gui-agent-model gui-automation guis mobile-agent mobile-gui-agent web-agent'),
  ('group-relative-policy-optimization', 'group-relative-policy-optimization-grpo grpo grpo-algorithm grpo-training'),
  ('gui-grounding', 'ui-grounding'),
  ('hallucination-and-factuality', 'factual-accuracy factual-consistency factuality hallucination hallucination-and-truth hallucination-detection hallucination-mitigation hallucination-reduction'),
  ('hierarchical-evaluation', 'hierarchical-evaluation-framework'),
  ('human-feedback', 'human-preference human-preference-alignment preference-alignment preference-data'),
  ('human-motion-and-faces', 'humans-in-pictures'),
  ('image-diffusion', 'image-diffusion-model'),
  ('image-editing', 'image-edit image-editing-model instruction-based-image-editing text-guided-image-editing'),
  ('image-generation', 'autoregressive-image-generation image-generation-model image-synthesis t2i t2i-generation t2i-model text-to-image text-to-image-diffusion text-to-image-diffusion-model text-to-image-generation text-to-image-model text-to-image-synthesis text-to-image-t2i-generation visual-generation'),
  ('imitation-learning', 'behavior-cloning behavioral-cloning'),
  ('in-context-learning', 'icl'),
  ('inference-and-serving', 'inference-acceleration inference-cost inference-latency inference-optimization inference-speed inference-speedup inference-throughput llm-inference llm-serving'),
  ('instruction-following', 'instruction-following-task'),
  ('interaction-trajectory', 'interaction-trajectorie'),
  ('interpretability', 'explainability explainable-ai mechanistic-interpretability model-interpretability'),
  ('knowledge-distillation', 'distillation distillation-method model-distillation'),
  ('knowledge-graphs', 'knowledge-graph'),
  ('kv-cache', 'key-value-cache kv-cache-compression kv-cache-management kv-cache-optimization kv-caching'),
  ('language-models', 'autoregressive-language-model autoregressive-large-language-model autoregressive-llm causal-language-modeling language-model language-modeling large-language-model llm open-source-llm pre-trained-language-model'),
  ('latent-diffusion', 'latent-diffusion-framework latent-diffusion-model ldm'),
  ('latent-reasoning', 'continuous-reasoning implicit-reasoning latent-chain-of-thought latent-space-reasoning latent-thought'),
  ('linear-attention', 'linear-attention-model'),
  ('llm-as-a-judge', 'llm-as-a-judge-evaluation llm-as-judge llm-judge llms-as-judge mllm-as-a-judge mllm-as-judge vlm-as-a-judge vlm-as-judge'),
  ('long-context', 'context-length context-window long-context-inference long-context-language-model long-context-llm long-context-modeling long-context-processing long-context-reasoning long-context-understanding'),
  ('low-rank-adaptation', 'lora lora-adapter low-rank-adapter'),
  ('massive-text-embedding', 'massive-text-embedding-benchmark'),
  ('mathematical-reasoning', 'math math-problem math-problem-solving math-reasoning math-reasoning-benchmark mathematical-benchmark mathematical-problem-solving mathematical-reasoning-benchmark'),
  ('mathematics-with-ai', 'ai-for-mathematics mathematics'),
  ('medical-imaging', 'medical-image medical-image-analysis medical-image-segmentation'),
  ('mesh', 'meshe'),
  ('mixture-of-experts', 'mixture-of-expert mixture-of-expert-architecture mixture-of-expert-model mixture-of-experts-architecture mixture-of-experts-moe moe moe-architecture moe-model'),
  ('model-context-protocol', 'mcp mcp-server'),
  ('monte-carlo-tree-search', 'mcts'),
  ('motion-diffusion', 'motion-diffusion-model'),
  ('multi-agent-reinforcement-learning', 'marl'),
  ('multi-agent-systems', 'llm-based-multi-agent-system mas multi-agent multi-agent-architecture multi-agent-collaboration multi-agent-framework multi-agent-llm multi-agent-llm-system multi-agent-system'),
  ('multi-objective-rl', 'multi-objective-reinforcement-learning'),
  ('multi-reward-rl', 'multi-reward-reinforcement-learning'),
  ('multi-task-rl', 'multi-task-reinforcement-learning'),
  ('multi-token-prediction', 'mtp'),
  ('multilingual', 'cross-lingual many-languages multilingual-language-model multilingual-llm multilingual-model multilinguality'),
  ('multilingual-embedding', 'multilingual-embedding-model'),
  ('multimodal-embedding', 'multimodal-embedding-model'),
  ('multimodal-models', 'large-multimodal-model large-vision-language-model lmm lvlm mllm multi-modal-large-language-model multi-modal-llm multi-modal-understanding multimodal multimodal-foundation-model multimodal-language-model multimodal-large-language-model multimodal-learning multimodal-llm multimodal-model multimodal-system multimodal-understanding omni-modal-large-language-model omni-modal-llm omni-modal-model omni-model vision-language vision-language-model visual-language-model vlm'),
  ('multimodal-reasoning', 'cross-modal-reasoning multi-modal-reasoning multimodal-large-reasoning-model multimodal-reasoning-model'),
  ('neural-radiance-fields', 'nerf neural-radiance-field'),
  ('novel-view-synthesis', 'nvs view-synthesis'),
  ('offline-rl', 'offline-reinforcement-learning'),
  ('on-policy-distillation', 'opd'),
  ('on-policy-rl', 'on-policy-reinforcement-learning'),
  ('out-of-distribution-generalization', 'ood ood-generalization out-of-distribution out-of-distribution-performance'),
  ('parameter-efficient-fine-tuning', 'parameter-efficiency parameter-efficient parameter-efficient-adaptation peft'),
  ('personalization', 'personalized-generation'),
  ('post-training', 'llm-post-training'),
  ('post-training-quantization', 'ptq'),
  ('pre-trained-backbone', 'pretrained-backbone'),
  ('pre-trained-llm', 'pretrained-large-language-model'),
  ('pre-training', 'language-model-pre-training llm-pre-training pre-train pre-trained-model pre-training-data pretrained-model pretraining'),
  ('process-reward-models', 'prm process-reward process-reward-model process-supervision'),
  ('progressive-training', 'progressive-training-strategy'),
  ('prompt-engineering', 'prompt-design prompt-optimization prompting'),
  ('proximal-policy-optimization', 'ppo'),
  ('quantization', 'low-bit-quantization model-quantization weight-quantization'),
  ('reasoning', 'complex-reasoning complex-reasoning-task deep-reasoning large-reasoning-model llm-reasoning long-chain-of-thought lrm multi-step-reasoning reasoner reasoning-ability reasoning-capabilitie reasoning-capability reasoning-language-model reasoning-llm reasoning-model reasoning-performance reasoning-process reasoning-task'),
  ('reasoning-strategy', 'reasoning-strategie'),
  ('recommendation', 'recommendation-system recommender-system sequential-recommendation'),
  ('recurrent-neural-networks', 'recurrent-neural-network rnn'),
  ('red-teaming', 'red-team'),
  ('reference-based-metric', 'reference-based-metrics'),
  ('reinforcement-learning', 'deep-reinforcement-learning online-reinforcement-learning online-rl policy-gradient policy-gradient-method policy-learning policy-optimization reinforcement-fine-tuning reinforcement-learning-rl reinforcement-learning-training rft rl rl-fine-tuning rl-post-training rl-training'),
  ('reinforcement-learning-from-human-feedback', 'rlhf'),
  ('reinforcement-learning-with-verifiable-rewards', 'reinforcement-learning-from-verifiable-reward reinforcement-learning-with-verifiable-reward reinforcement-learning-with-verifiable-reward-rlvr rl-with-verifiable-reward rlvr verifiable-reward'),
  ('representation-learning', 'visual-representation-learning'),
  ('retrieval-and-search', 'information-retrieval retrieval search-engine web-search'),
  ('retrieval-augmented-generation', 'agentic-rag agentic-retrieval-augmented-generation rag rag-system retrieval-augmentation'),
  ('reward-models', 'generative-reward-model multimodal-reward-model reward-model reward-model-training reward-modeling rm'),
  ('reward-strategy', 'reward-strategie'),
  ('rl-based-post-training', 'reinforcement-learning-based-post-training'),
  ('rl-with-human-feedback', 'reinforcement-learning-with-human-feedback'),
  ('robotic-manipulation', 'manipulation robot-manipulation robotic-manipulation-task'),
  ('robotics', 'robot-learning robot-policy robotic'),
  ('rollout-trajectory', 'rollout-trajectorie'),
  ('safety-and-alignment', 'ai-alignment ai-safety alignment human-value llm-alignment llm-safety safety safety-alignment value-alignment'),
  ('scaling-laws', 'neural-scaling-law scaling-law'),
  ('science-with-ai', 'ai-for-science ai-scientist autonomous-scientific-discovery scientific-discovery'),
  ('security-vulnerability', 'security-vulnerabilitie'),
  ('segmentation', 'image-segmentation semantic-segmentation'),
  ('self-distillation', 'self-distillation-mechanism'),
  ('self-improvement', 'self-evolution self-evolving self-evolving-agent self-improving-agent'),
  ('self-reflection', 'reflection self-correction self-critique self-verification'),
  ('small-language-models', 'slm small-language-model'),
  ('software-engineering', 'software-engineering-agent software-engineering-task swe swe-agent'),
  ('sparse-attention', 'block-sparse-attention dynamic-sparse-attention native-sparse-attention sparse-attention-mechanism trainable-sparse-attention'),
  ('sparse-autoencoders', 'sae sparse-autoencoder'),
  ('spatial-reasoning', 'spatial-cognition spatial-intelligence spatial-understanding visual-spatial-reasoning visuospatial-reasoning'),
  ('speculative-decoding', 'speculative-sampling'),
  ('speech-synthesis', 'speech-generation text-to-speech text-to-speech-synthesis zero-shot-text-to-speech'),
  ('standard-attention', 'standard-attention-mechanism'),
  ('state-space-models', 'mamba ssm state-space-model'),
  ('steering-vectors', 'activation-steering steering-vector'),
  ('subject-driven-generation', 'identity-preservation subject-consistency'),
  ('supervised-fine-tuning', 'sft supervised-fine-tuning-sft supervised-finetuning'),
  ('synthetic-data', 'data-generation data-synthesis data-synthesis-pipeline synthetic-data-generation synthetic-dataset synthetic-training-data'),
  ('temporal-dependency', 'temporal-dependencie'),
  ('test-time-reinforcement-learning', 'ttrl'),
  ('test-time-scaling', 'inference-time-compute inference-time-scaling parallel-test-time-scaling parallel-thinking test-time-computation test-time-compute test-time-compute-scaling'),
  ('test-time-training', 'ttt'),
  ('thinking-trajectory', 'thinking-trajectorie'),
  ('three-stage-training', 'three-stage-training-pipeline'),
  ('tokenization', 'tokenizer'),
  ('tool-use', 'external-tool function-calling tir tool-augmented-reasoning tool-call tool-calling tool-integrated-reasoning tool-integration tool-invocation tool-learning tool-usage tool-using-agent'),
  ('tool-use-capability', 'tool-use-capabilitie'),
  ('training', 'llm-training model-training'),
  ('trajectory-aware-rl', 'trajectory-aware-reinforcement-learning'),
  ('trajectory-level-rl', 'trajectory-level-reinforcement-learning'),
  ('uncertainty-estimation', 'uncertainty-quantification'),
  ('unified-multimodal-models', 'umm unified-model unified-multimodal unified-multimodal-model unified-multimodal-understanding-and-generation'),
  ('user-query', 'user-querie'),
  ('variational-autoencoders', 'vae variational-auto-encoder variational-autoencoder'),
  ('vibe-coding', 'vibe-code'),
  ('video-editing', 'video-editing-model'),
  ('video-generation', 'i2v image-to-video image-to-video-generation t2v text-to-video text-to-video-diffusion-model text-to-video-generation text-to-video-model video-diffusion video-diffusion-model video-diffusion-transformer video-generation-model video-generative-model video-synthesis'),
  ('video-understanding', 'egocentric-video-understanding long-form-video-understanding long-video-understanding video-llm video-mllm video-multimodal-large-language-model video-question-answering video-reasoning videoqa'),
  ('vision-language-action-models', 'vision-language-action vision-language-action-model vision-language-action-vla-model vla vla-model'),
  ('vision-language-navigation', 'vision-and-language-navigation vln'),
  ('vision-transformers', 'vision-transformer vit'),
  ('visual-question-answering', 'vqa'),
  ('visual-reasoning', 'thinking-with-image visual-reasoning-task'),
  ('world-action', 'world-action-model'),
  ('world-models', 'action-conditioned-world-model generative-world-model interactive-world-model video-world-model world-model world-modeling world-simulation')
) AS names (topic, olds);
CREATE UNIQUE INDEX ON renamed (old);

-- Metrics, models and qualities that were topics. A reader who followed one gets it as a keyword, which matches the same words.
CREATE TEMPORARY TABLE retired ON COMMIT DROP AS
SELECT unnest(regexp_split_to_array(trim(olds, E' \n'), '\s+')) AS old FROM (VALUES ('
  ablation-studie action-generation activation-space agent-performance agent-training agent-trajectorie aime-2024
  aime24 aime25 alfworld alignment-drift androidworld appearance attack-success-rate attention attention-computation
  attention-head attention-layer attention-map attention-mechanism attention-pattern attention-score automated-pipeline
  autoregressive-decoding benchmark-evaluation benchmark-performance bias bidirectional-attention bounding-boxe
  browsecomp camera-pose camera-trajectorie camera-trajectory causal-attention classification clip closed-source-model
  clustering computational-cost consistency contextual-reasoning controlnet convergence cross-attention
  cross-attention-layer cross-attention-mechanism cross-domain-generalization dapo data-diversity data-efficiency
  data-engine decoder deepseek-r1 denoising denoising-process denoising-step denoising-trajectorie denoising-trajectory
  diffusion-timestep dino dinov3 discrete-token distribution-shift dora downstream-performance downstream-task
  dpg-bench encoder end-to-end-training entropy entropy-regularization environmental-interaction error-accumulation
  error-propagation exact-match-score experience-bank exploration exploration-exploitation-balance
  exploration-exploitation-trade-off exponential-moving-average external-knowledge extrinsic-evaluation f1-score
  feed-forward-model fid fine-grained-perception flop full-attention future-prediction gaia gaia-benchmark
  gemini-2-5-pro general-capabilitie generalization generation-quality geneval geometric-prior gpqa-diamond gpt-4
  gpt-4o gradient-update grounding gsm8k hidden-state human-evaluation hybrid-architecture hypersphere image-quality
  imagenet imgedit inductive-bias inference inference-time interaction internal-representation intrinsic-evaluation
  iterative-refinement kl-divergence knowledge language-prior latency latent-representation latent-space latent-token
  latent-variable libero livecodebench llama localization long-horizon-task majority-voting math-500 math500
  mean-pooling memory memory-efficiency miou mmlu modality-gap mode-collapse model-scaling multi-objective-optimization
  multi-stage-training multi-turn-interaction multi-turn-scenario multimodal-benchmark multimodal-input
  multiple-choice-question ndcg-10 neural-network next-token-prediction on-policy on-policy-sampling open-source-model
  osworld overfitting pairwise-comparison parameter-space parametric-knowledge pareto-frontier pass-1 pass-1-accuracy
  pass-k perception perplexity physical-consistency physical-plausibility planner planning policy-entropy policy-model
  policy-update prefilling processbench pseudo-label pseudo-labeling psnr quadratic-complexity qwen2-5 qwen3-vl
  reasoning-benchmark reconstruction-fidelity reinforce reproducibility reward-estimation reward-function reward-signal
  robustness rope sam2 sample-efficiency scalability scalar-reward screenspot-pro screenspot-v2 self-attention
  self-attention-layer self-attention-mechanism self-forcing semantic-alignment semantic-consistency semantic-drift
  semantic-representation semantic-similarity semantic-space semantic-understanding sequence-length softmax-attention
  solver sparse-reward spatial-awareness spatial-consistency spatial-geometry state-of-the-art-performance success-rate
  supervised-learning swe-bench swe-bench-verified task-decomposition task-planning tau-bench teacher-model
  temporal-coherence temporal-consistency temporal-context temporal-dynamics text-embedding text-image-alignment
  text-prompt thinking-token timestamp token token-entropy token-level-entropy token-probability token-usage
  training-dynamics training-free training-free-framework training-stability training-strategie trajectory-generation
  transformer-layer transparency unet unified-framework variance-reduction verification verifier vision-encoder
  visual-concept visual-encoder visual-evidence visual-feature visual-fidelity visual-input visual-observation
  visual-perception visual-quality visual-realism visual-representation visual-token visual-understanding webshop wer
  whisper word-error-rate zero-shot zero-shot-generalization zero-shot-learning zero-shot-performance
  zero-shot-transfer
')) AS names (olds);

-- Distinct new slugs in the old order.
CREATE FUNCTION pg_temp.renamed_topics(olds text[]) RETURNS text[] LANGUAGE sql STABLE RETURN
  coalesce((SELECT array_agg(slug ORDER BY place) FROM (
    SELECT coalesce(n.topic, regexp_replace(o.old, '(?<!mov|cook|calor|cal|pr)ie$', 'y')) AS slug, min(o.place) AS place
    FROM unnest(olds) WITH ORDINALITY AS o (old, place) LEFT JOIN renamed n ON n.old = o.old
    WHERE NOT EXISTS (SELECT FROM retired r WHERE r.old = o.old)
    GROUP BY 1) AS slugs), '{}');

-- The keyword limit of the table is 50; a reader at that limit keeps the first ones.
UPDATE subscribers s SET
  topics = pg_temp.renamed_topics(s.topics),
  keywords = (s.keywords || ARRAY(SELECT replace(old, '-', ' ') FROM retired WHERE old = ANY(s.topics)
    AND replace(old, '-', ' ') <> ALL(s.keywords) ORDER BY old))[:50]
WHERE s.topics && ARRAY(SELECT old FROM renamed UNION SELECT old FROM retired)
  OR EXISTS (SELECT FROM unnest(s.topics) AS old WHERE old ~ 'ie$');

-- Papers too, so that wishes match before workers reach them. It rewrites most rows: some 20 seconds for 100,000 papers, under no
-- lock that readers wait for. updated_at stays: the text has not changed, so search need not index it again.
UPDATE papers p SET topics = pg_temp.renamed_topics(p.topics)
WHERE p.topics && ARRAY(SELECT old FROM renamed UNION SELECT old FROM retired)
  OR EXISTS (SELECT FROM unnest(p.topics) AS old WHERE old ~ 'ie$');
