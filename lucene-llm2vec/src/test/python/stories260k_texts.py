# SPDX-License-Identifier: Apache-2.0
"""Texts for stories260K. PRINTED is the sample in llama2.c's doc/stories260K.md (MIT)."""

PRINTED = (
    "Once upon a time, there was a little girl named Lily. She loved to play outside in the park. "
    "One day, she saw a big, red ball. She wanted to play with it, but it was too high.\n"
    "Lily's mom said, \"Lily, let's go to the park.\" Lily was sad and didn't know what to do. "
    'She said, "I want to play with your ball, but I can\'t find it."\n'
    "Lily was sad and didn't know what to do. She said, \"I'm sorry, Lily. I didn't know what to "
    'do."\n'
    "Lily didn't want to help her mom, so she said, \"I'm sorry, mom. I didn't know what to do.\" "
    "Her mom said, \"Don't worry, Lily. We can help you.\""
)
SENTENCES = {
    "dog": "The little dog ran after the red ball in the park.",
    "puppy": "A small puppy chased a ball on the grass.",
    "boat": "Tom made a boat from paper and put it on the water.",
    "rain": "It started to rain and the children went inside.",
    "storm": "The sky was dark and a big storm came.",
    "cake": "Mom baked a cake with strawberries for the birthday party.",
    "cookies": "Grandma made sweet cookies and gave one to each of us.",
    "sad-bear": "The bear was sad because he had lost his favorite hat.",
    "happy-girl": "Lily was very happy. She hugged her mom and said thank you.",
    "bird": "A bird sat in the tall tree and sang a pretty song.",
    "share": 'Ben said, "You can play with my toy car. We can share!"',
    "scared": "Sam was scared of the dark, so his dad left a light on.",
}
LINES = [
    "Once upon a time",
    "One day, a boy named Tim found a shiny key.",
    "Where is the key to the old box?",
    "The cat and the mouse became best friends.",
    '"Stop!" shouted the man. "That bridge is not safe."',
    "They looked and looked, but they couldn't find the kitten.",
    "The moral of the story is to be kind to others.",
    "She counted 1, 2, 3, 10, 25 and 100 apples.",
    "Anna's brother didn't want to go to bed.",
    "the end.",
    "THE END",
    "Hello, world! Hello, Wörld!",
    "tabs\tand\nlines\r\nand  double   spaces",
    " one space in front",
    "trailing spaces   ",
]
