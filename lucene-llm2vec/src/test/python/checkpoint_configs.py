# SPDX-License-Identifier: Apache-2.0
"""config.json of every tiny checkpoint, with the tokenizer and the storage that go with it."""

import tiny_tokenizers as tokenizers

LLAMA3_INSTRUCT = "meta-llama/Meta-Llama-3-8B-Instruct"


def config(model_type, architecture, **values):
    """What all checkpoints share, overridden by what one has of its own."""
    result = {
        "architectures": [architecture],
        "model_type": model_type,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "max_position_embeddings": 2048,
        "attention_dropout": 0.0,
        "initializer_range": 0.02,
        "use_cache": True,
    }
    result.update(values)
    return result


def llama(**values):
    return config("llama", "LlamaForCausalLM", **values)


LLAMA3_SCALING = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 128,
}

# name -> tokenizer builder, tokenizer_config extras, config, storage
CHECKPOINTS = {
    "llama-mha": dict(
        exercises="Llama-2 style: multi-head attention, [INST] template, untied lm_head and old "
        "rotary_emb.inv_freq tensors to be ignored, byte-fallback tokenizer with prepended space",
        tokenizer=tokenizers.llama2,
        kind="llama2",
        config=llama(
            _name_or_path="meta-llama/Llama-2-7b-chat-hf",
            num_key_value_heads=4,
            tie_word_embeddings=False,
            torch_dtype="float32",
        ),
        storage=dict(prefix="model.", lm_head=True, inv_freq=True),
    ),
    "llama3-gqa": dict(
        exercises="Llama-3 style: grouped queries, llama3 rope scaling, attention and MLP biases, "
        "two shards with an index, Llama-3 chat template, byte-level tokenizer",
        tokenizer=tokenizers.llama3,
        kind="llama3",
        config=llama(
            _name_or_path=LLAMA3_INSTRUCT,
            hidden_size=48,
            intermediate_size=80,
            num_hidden_layers=3,
            num_attention_heads=6,
            attention_bias=True,
            mlp_bias=True,
            rope_scaling=LLAMA3_SCALING,
            torch_dtype="float32",
        ),
        storage=dict(prefix="model.", shards=2),
    ),
    "llama-linear": dict(
        exercises="linear rope scaling under the old key `type`, stored as bf16, no template "
        "(Sheared-LLaMA), num_key_value_heads absent",
        tokenizer=tokenizers.llama2,
        kind="llama2",
        config=llama(
            _name_or_path="princeton-nlp/Sheared-LLaMA-1.3B",
            num_key_value_heads=None,
            rope_scaling={"type": "linear", "factor": 4.0},
            torch_dtype="bfloat16",
        ),
        storage=dict(prefix="model.", dtype="bfloat16"),
    ),
    "llama-yarn": dict(
        exercises="yarn rope scaling, stored as fp16, Llama-3 base name (eos_token pooling appends "
        "<|end_of_text|>), names without prefix",
        tokenizer=tokenizers.llama3,
        kind="llama3",
        config=llama(
            _name_or_path="meta-llama/Meta-Llama-3-8B",
            num_attention_heads=2,
            num_key_value_heads=1,
            max_position_embeddings=64,
            rope_scaling={"rope_type": "yarn", "factor": 4.0},
            torch_dtype="float16",
        ),
        storage=dict(dtype="float16"),
    ),
    "mistral-gqa": dict(
        exercises="Mistral: grouped queries, a sliding window of 8 that upstream ignores, [INST] "
        "template, Metaspace pre-tokenizer",
        tokenizer=tokenizers.mistral_metaspace,
        kind="llama2",
        config=config(
            "mistral",
            "MistralForCausalLM",
            _name_or_path="mistralai/Mistral-7B-Instruct-v0.2",
            intermediate_size=96,
            sliding_window=8,
            rope_theta=1000000.0,
            torch_dtype="float32",
        ),
        storage=dict(prefix="model."),
    ),
    "qwen2": dict(
        exercises="Qwen2: q, k and v biases, tied embeddings, more vocabulary rows than tokens, "
        "no BOS, ChatML template; causal in upstream",
        tokenizer=tokenizers.qwen2,
        kind="qwen2",
        config=config(
            "qwen2",
            "Qwen2ForCausalLM",
            _name_or_path="Qwen/Qwen2-1.5B-Instruct",
            rms_norm_eps=1e-6,
            rope_theta=1000000.0,
            tie_word_embeddings=True,
            sliding_window=32768,
            use_sliding_window=False,
            max_window_layers=2,
            vocab_size=448,
            torch_dtype="float32",
        ),
        storage=dict(prefix="model."),
    ),
    "gemma": dict(
        exercises="Gemma 1: head_dim * heads differs from hidden_size, one kv head, offset norms, "
        "scaled embeddings, hidden_act `gelu` that means tanh GELU",
        tokenizer=tokenizers.gemma,
        kind="gemma",
        config=config(
            "gemma",
            "GemmaForCausalLM",
            _name_or_path="google/gemma-2b",
            num_key_value_heads=1,
            head_dim=16,
            hidden_act="gelu",
            rms_norm_eps=1e-6,
            tie_word_embeddings=True,
            pad_token_id=0,
            torch_dtype="float32",
        ),
        storage=dict(prefix="model."),
    ),
    "qwen3-embedding": dict(
        exercises="Qwen3-Embedding style: q/k norms, explicit head_dim, causal, last token, EOS "
        "put by the tokenizer's post-processor, sentence-transformers files, no name prefix",
        tokenizer=tokenizers.qwen3_embedding,
        kind="qwen3",
        config=config(
            "qwen3",
            "Qwen3ForCausalLM",
            num_hidden_layers=3,
            head_dim=16,
            attention_bias=False,
            rms_norm_eps=1e-6,
            rope_theta=1000000.0,
            rope_scaling=None,
            tie_word_embeddings=True,
            sliding_window=None,
            use_sliding_window=False,
            max_window_layers=3,
            torch_dtype="bfloat16",
        ),
        storage=dict(dtype="bfloat16"),
        pooling="lasttoken",
        prompts={
            "query": "Instruct: Given a web search query, retrieve relevant passages that answer "
            "the query\nQuery:",
            "document": "",
        },
    ),
    "e5-mistral": dict(
        exercises="E5-Mistral style: causal, last token, tokenizer.json adds only BOS although "
        "add_eos_token is true, transformers 5 spelling of rope and dtype, no name prefix",
        tokenizer=tokenizers.llama2,
        kind="e5",
        config={
            k: v
            for k, v in config(
                "mistral",
                "MistralModel",
                sliding_window=4096,
                rope_parameters={"rope_type": "default", "rope_theta": 50000.0},
                dtype="float32",
            ).items()
            if k != "rope_theta"
        },
        storage=dict(),
        pooling="lasttoken",
    ),
    "llama-bidirec": dict(
        exercises="llama-embed-nemotron style: model_type llama_bidirec, mean over all tokens "
        "with the instruction, llama3 rope scaling, no name prefix",
        tokenizer=tokenizers.llama3,
        kind="llama3",
        config=config(
            "llama_bidirec",
            "LlamaBidirectionalModel",
            auto_map={
                "AutoConfig": "llama_bidirectional_model.LlamaBidirectionalConfig",
                "AutoModel": "llama_bidirectional_model.LlamaBidirectionalModel",
            },
            attention_bias=False,
            mlp_bias=False,
            head_dim=8,
            pooling="avg",
            temperature=0.02,
            rope_theta=500000.0,
            rope_scaling=LLAMA3_SCALING,
            torch_dtype="float32",
        ),
        storage=dict(),
        pooling="mean_tokens",
    ),
    "gemma3-text": dict(
        exercises="EmbeddingGemma body: bidirectional, two local layers with a window and their "
        "own theta, one global layer, sandwich norms, q/k norms, BOS and EOS, no Dense",
        tokenizer=lambda: tokenizers.gemma(append_eos=True),
        kind="gemma3",
        config=config(
            "gemma3_text",
            "Gemma3TextModel",
            num_hidden_layers=3,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=16,
            hidden_activation="gelu_pytorch_tanh",
            query_pre_attn_scalar=24,
            rms_norm_eps=1e-6,
            rope_theta=1000000.0,
            rope_local_base_freq=10000.0,
            rope_scaling=None,
            sliding_window=8,
            use_bidirectional_attention=True,
            layer_types=["sliding_attention", "sliding_attention", "full_attention"],
            _sliding_window_pattern=3,
            attn_logit_softcapping=None,
            final_logit_softcapping=None,
            attention_bias=False,
            pad_token_id=0,
            torch_dtype="float32",
        ),
        storage=dict(),
        pooling="mean_tokens",
        prompts={"query": "task: search result | query: ", "document": "title: none | text: "},
    ),
}
